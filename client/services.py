"""Everything of one home, opened: what the pages, the commands and the worker call.

`open_services` holds the home's lock for as long as it is open, so there is one of these for a home
at a time. It opens no connection and starts no thread.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from client.adding import Adder
from client.blobs import Blobs
from client.clock import SYSTEM_CLOCK, Clock
from client.config import Home, prepare_home
from client.db import Database
from client.definitions import Definitions
from client.device import Device, open_device
from client.doctor import Doctor
from client.editing import Editing
from client.exporting import Exporter
from client.filling import Filling
from client.finalize import Finalizer
from client.history import History
from client.importing import Importer
from client.journal import Journal
from client.listing import LANGUAGE, Listing
from client.lock import hold
from client.merging import Choices, Merging
from client.opening import Opener
from client.patching import Patcher
from client.profile import Profile, read_profile
from client.pruning import Pruner
from client.pull import Puller
from client.recall import Ground, take_back, tell_beginning
from client.reconcile import Reconciler
from client.replica import Replica
from client.room import require_room_for_form
from client.rounds import Connect, Rounds
from client.saving import Saver
from client.standing import Standing
from client.transport import HttpTransport
from client.troubles import Troubles
from client.upgrading import Upgrading

Json = dict[str, Any]


@dataclass(slots=True)
class Services:
    """The opened parts of a home."""

    home: Home
    db: Database
    device: Device
    definitions: Definitions
    replica: Replica
    blobs: Blobs
    opener: Opener
    listing: Listing
    editing: Editing
    filling: Filling
    adder: Adder
    patcher: Patcher
    merging: Merging
    history: History
    upgrading: Upgrading
    rounds: Rounds
    standing: Standing
    exporter: Exporter
    importer: Importer
    doctor: Doctor
    pruner: Pruner
    clock: Clock
    wake: Callable[[], None] = field(default=lambda: None)

    @property
    def profile(self) -> Profile | None:
        """Whom this device works for; None before enrolment."""
        return read_profile(self.db)

    def forms(self) -> list[Json]:
        """Return the forms to fill; see `Listing.forms`."""
        return self.listing.forms()

    def entries(self, language: str = LANGUAGE) -> list[Json]:
        """Return every entry on this device, drafts first, then the newest."""
        return [entry for page in self.listing.pages(language) for entry in page]

    def entry(self, entry: str, language: str = LANGUAGE) -> Json:
        """Return one entry with its answers.

        Raises:
            NotFoundError: there is no such entry.
        """
        return self.listing.entry(entry, language)

    def status(self) -> Json:
        """Return how many entries are in which state, and how things stand with the server."""
        return self.standing.status(self.rounds.problem)

    def dismiss(self, trouble: int) -> None:
        """Put a trouble away that a person has seen.

        Raises:
            NotFoundError: there is no such trouble.
        """
        Troubles(self.db).dismiss(trouble, self.clock.now())

    def finalize(self, draft_id: str, *, decided: bool = False) -> Json:
        """Close a draft: `{"entry", "revision", "state"}`, or `{"violations"}` if a rule is broken.

        See `Filling.finalize`.

        Raises:
            NotFoundError: there is no such draft.
            StorageError: it could not be saved; the draft is kept.
        """
        outcome = self.filling.finalize(draft_id, decided=decided)
        if "revision" in outcome:
            self.wake()
        return outcome

    def void(self, entry: str, reason: str) -> Json:
        """Take an entry back; see `Editing.void`."""
        outcome = self.editing.void(entry, reason)
        self.wake()
        return outcome

    def merge(self, entry: str, take: Choices) -> Json:
        """Save what was decided of a contested entry; see `Merging.merge`."""
        outcome = self.merging.merge(entry, take)
        self.wake()
        return outcome

    def blob(self, sha256: str) -> Path:
        """Return where an attached file lies.

        Raises:
            NotFoundError: it is not on this device.
        """
        return self.blobs.path(sha256)

    def sync_now(self) -> None:
        """Ask the worker for a round of push and pull now; what comes of it shows in the states."""
        self.wake()


@contextmanager
def open_services(
    path: Path,
    clock: Clock = SYSTEM_CLOCK,
    *,
    patience: float = 0.0,
    connect: Connect | None = None,
) -> Iterator[Services]:
    """Open a home and hold it while the context lasts; drafts are written out at its end.

    `connect` gives the way to a profile's server; over HTTP where none is given.

    Raises:
        HomeBusyError: another process holds the home.
        StorageError: the home cannot be read or written, or is of a newer version.
    """
    home = prepare_home(path)
    with hold(home.lock, patience=patience):
        db = Database(home.database)
        try:
            with closing(Journal(home.journal)) as journal:
                services = _assemble(home, db, journal, clock, connect or _over_http(home))
                try:
                    yield services
                finally:
                    _leave(services)
        finally:
            db.close()


def _leave(services: Services) -> None:
    try:
        services.filling.save_changed()
    finally:
        services.rounds.close()


def _over_http(home: Home) -> Connect:
    return lambda profile: HttpTransport(profile.server, home.server_ca if profile.ca else None)


def _assemble(
    home: Home, db: Database, journal: Journal, clock: Clock, connect: Connect
) -> Services:
    device = open_device(home, db)
    tell_beginning(device, Troubles(db), clock)
    recall = partial(take_back, home, db, device, clock)
    reconciler = Reconciler(db, journal, device, clock)
    ground = Ground(home, db, device, clock, reconciler)
    ground.start()
    definitions = Definitions(db)
    puller = Puller(db, definitions, device.key.id, clock, recall)
    replica = Replica(db, definitions)
    blobs = Blobs(home.blobs)
    require_room = partial(require_room_for_form, home.path)
    opener = Opener(db, definitions, replica, clock, require_room)
    finalizer = Finalizer(db, Saver(db, device, journal, ground.require), blobs, clock)
    editing = Editing(db, opener, replica, finalizer)
    filling = Filling(db, opener, finalizer, blobs, editing)
    return Services(
        home=home,
        db=db,
        device=device,
        definitions=definitions,
        replica=replica,
        blobs=blobs,
        opener=opener,
        listing=Listing(db, definitions, replica),
        editing=editing,
        filling=filling,
        adder=Adder(opener, finalizer, blobs),
        patcher=Patcher(editing, finalizer, blobs),
        merging=Merging(replica, definitions, editing, finalizer),
        history=History(replica, definitions),
        upgrading=Upgrading(definitions, replica, opener, filling),
        rounds=Rounds(connect, db, device, puller, blobs, clock),
        standing=Standing(db, replica, clock),
        exporter=Exporter(home, db, device, blobs, clock),
        importer=Importer(db, device, clock),
        doctor=Doctor(db, reconciler, device, blobs, clock),
        pruner=Pruner(db, journal, blobs, clock),
        clock=clock,
    )

"""A home that went back in time: put back from a backup, or a copy of another one.

It holds fewer revisions than it has made, and would give places in its chain a second time. What tells
of it: the files of the home (`client.device`), the mark of its chain (`client.high_water`), or a
revision of this very device that the server has and the home does not. Either way a new incarnation
begins, so that both chains stay in full sight; what comes back from the server is this device's own
again, and a person is told.
"""

import logging

from client.clock import Clock
from client.config import Home
from client.db import Database
from client.device import Beginning, Device, begin_incarnation, next_link
from client.errors import StorageError
from client.reconcile import Reconciler, compare_at_next_start
from client.revisions import Revisions, SignedRevision
from client.troubles import Troubles
from sync.errors import SignatureError
from sync.keys import REVISION_TYPE, verify

_log = logging.getLogger(__name__)

_ONE_COPY = (
    "Use only one copy of a home. Two at once are told apart by the server, but each shows only "
    "what it has itself made or fetched: see README, Home."
)
_BEGINNINGS = {
    Beginning.COPIED: (
        "home_copied",
        "This home is a copy, or was put back from a backup. It goes on in a new chain of revisions.",
        f"What was delivered since comes back with the next tianbao sync. {_ONE_COPY}",
    ),
    Beginning.REPLACED: (
        "database_replaced",
        "The file client.db is not the one that this home had last: it was put back, or made anew. "
        "It goes on in a new chain of revisions.",
        "What was delivered comes back with the next tianbao sync, and what was only saved from the "
        "journal. Look through the drafts: some may have been delivered meanwhile.",
    ),
}

_NOT_OURS = (
    "The server has an entry in the name of this device that this device has not signed.",
    "Tell the organiser: somebody hands in what is not theirs.",
)


def tell_beginning(device: Device, troubles: Troubles, clock: Clock) -> None:
    """Tell a person why a new chain began at this start, if one did."""
    told = _BEGINNINGS.get(device.life.beginning)
    if told is None:
        return
    code, message, hint = told
    _log.warning("%s: %s", code, message)
    try:
        troubles.happened(code, "", message, hint, clock.now())
    except StorageError as error:
        _log.error("This could not be kept for later: %s", error.message)


class Ground:
    """What saving stands on: journal and database agree, and the chain goes on where it had come to."""

    def __init__(
        self, home: Home, db: Database, device: Device, clock: Clock, reconciler: Reconciler
    ) -> None:
        self._home = home
        self._db = db
        self._device = device
        self._clock = clock
        self._reconciler = reconciler
        self._is_sure = False

    def start(self) -> None:
        """Make sure of it at the start; where the disk does not let it, the next saving waits for it."""
        try:
            self.require()
        except StorageError as error:
            _log.error("Journal, database and mark could not be compared: %s", error.message)

    def require(self) -> None:
        """Make sure of it, if that is still owed.

        Raises:
            StorageError: they could not be compared, or no new chain be begun.
        """
        self._reconciler.require()
        if not self._is_sure:
            self._compare_mark()
            self._is_sure = True

    def _compare_mark(self) -> None:
        device = self._device
        top = next_link(self._db, device).sequence - 1
        if top < device.high_water.reached(device.incarnation):
            begin_incarnation(self._home, self._db, device)
            device.life.beginning = Beginning.COPIED
            tell_beginning(device, Troubles(self._db), self._clock)
        elif top:  # what a crash has kept from being noted
            device.high_water.note(device.incarnation, top)


def take_back(
    home: Home, db: Database, device: Device, clock: Clock, signed: SignedRevision
) -> bool:
    """Take over a revision of this device that came back from the server, within a transaction.

    Return whether it was missing here. Then this home had gone back in time: a new chain begins, if
    the revision is of the present one. The caller applies what the signed answer says of it. What does
    not carry this device's signature is another's, whatever it says of itself, and is told.

    Raises:
        StorageError: it could not be written; nothing was taken over.
    """
    revisions = Revisions(db)
    if revisions.has(signed.digest):
        return False
    if not _is_signed(device, signed):
        revisions.add_pulled(signed)
        Troubles(db).note("not_ours", signed.digest, *_NOT_OURS, clock.now())
        return False
    revisions.adopt(signed)
    compare_at_next_start(db)  # the journal has to have it, too
    if signed.revision.incarnation == device.incarnation:
        begin_incarnation(home, db, device)
    Troubles(db).happened(
        "home_went_back",
        "",
        "The server has revisions of this device that this home had lost: it was put back from a "
        "backup, or is a copy. They are here again; new ones begin a new chain.",
        f"Look through the drafts: some may have been delivered already. {_ONE_COPY}",
        clock.now(),
    )
    return True


def _is_signed(device: Device, signed: SignedRevision) -> bool:
    try:
        verify(device.key.public, REVISION_TYPE, signed.content, signed.signature)
    except SignatureError:
        return False
    return True

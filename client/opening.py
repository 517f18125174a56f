"""Opening an instance: a form, this device's environment, and the session that fills it.

* The entry's id is drawn when the blank form is opened, so that finalizing twice makes one entry.
* Answers that the version of the form has no question for (those of another version) are laid aside:
the draft keeps them, and no expression sees them.
* An instance has its own moment: while it is finalized, every expression sees that one moment, the
one the server will check it at.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from secrets import token_hex
from typing import Any

from client.clock import Clock
from client.db import Database
from client.definitions import Definitions
from client.drafts import Draft
from client.profile import require_profile
from client.replica import Replica
from client.views import ROW_ID_BYTES, split_known, split_reasons, with_unknown
from forms.compiled import CompiledForm
from forms.environment import Environment
from forms.own_entries import Item
from forms.session import Session


class Moment:
    """The time that an instance sees: the clock's, or one that is held fast."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fixed: datetime | None = None

    def now(self) -> datetime:
        """Return the time as expressions see it."""
        return self._fixed or self._clock.now()

    @contextmanager
    def held_at(self, moment: datetime) -> Iterator[None]:
        """Let expressions see this moment alone while the context lasts."""
        self._fixed = moment
        try:
            yield
        finally:
            self._fixed = None


@dataclass(slots=True)
class Instance:
    """An open instance; `parents` are the revisions that what it becomes will follow.

    `unknown` and `unknown_reasons` are of questions that this version of the form does not have;
    `touched` are the paths that a person answered since it was opened.
    """

    entry: str
    compiled: CompiledForm
    environment: Environment
    session: Session
    moment: Moment
    parents: tuple[str, ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=dict)
    unknown_reasons: Mapping[str, str] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    @property
    def form_id(self) -> str:
        """Return the id of the form."""
        return self.compiled.form.form_id

    def kept_answers(self) -> dict[str, Any]:
        """Return the answers as a draft keeps them: wrong, hidden and unknown ones, too."""
        return with_unknown(self.session.answers(), self.unknown)

    def kept_reasons(self) -> dict[str, str]:
        """Return the reasons as a draft keeps them."""
        return {**self.unknown_reasons, **self.session.reasons()}

    def replace(self, answers: Mapping[str, Any], reasons: Mapping[str, str]) -> None:
        """Fill the instance anew with other answers; calculations follow from them."""
        language = self.session.language
        self.session = Session.resume(self.compiled, self.environment, answers, reasons)
        self.session.language = language


class Opener:
    """Opens instances on this device."""

    def __init__(
        self,
        db: Database,
        definitions: Definitions,
        replica: Replica,
        clock: Clock,
        require_room: Callable[[], None],
    ) -> None:
        self._require_room = require_room
        self._db = db
        self._definitions = definitions
        self._replica = replica
        self.clock = clock

    def start(self, form: str, language: str = "") -> Instance:
        """Open a blank form, in its newest version.

        Raises:
            NotFoundError: there is no such form on this device.
            EnrolmentError: the device is not enrolled.
            DefinitionError: this version of the program cannot read the form.
            LowSpaceError: the disk is nearly full.
        """
        require_profile(self._db)
        self._require_room()
        compiled = self._definitions.compiled(self._definitions.latest(form))
        return self._open(
            compiled,
            str(uuid.uuid4()),
            lambda environment: Session.start(compiled, environment),
            language,
        )

    def resume(
        self,
        entry: str,
        definition: str,
        answers: Mapping[str, Any],
        reasons: Mapping[str, str],
        language: str = "",
    ) -> Instance:
        """Open an instance with the answers it had, in the version it was begun in."""
        compiled = self._definitions.compiled(definition)
        known, unknown = split_known(compiled.form.survey, answers)
        known_reasons, unknown_reasons = split_reasons(compiled.form, known, reasons)
        instance = self._open(
            compiled,
            entry,
            lambda environment: Session.resume(compiled, environment, known, known_reasons),
            language,
        )
        instance.unknown, instance.unknown_reasons = unknown, unknown_reasons
        return instance

    def resume_draft(self, draft: Draft, language: str = "") -> Instance:
        """Open a draft as it was left; what it becomes will follow the revisions it was begun from."""
        instance = self.resume(
            draft.entry, draft.definition, draft.answers, draft.reasons, language
        )
        instance.parents = draft.parents
        return instance

    def _open(
        self,
        compiled: CompiledForm,
        entry: str,
        fill: Callable[[Environment], Session],
        language: str,
    ) -> Instance:
        moment = Moment(self.clock)
        environment = Environment(
            now=moment.now,
            properties=require_profile(self._db).properties,
            uuid=lambda: str(uuid.uuid4()),
            row_id=lambda: token_hex(ROW_ID_BYTES),
            own_entries=partial(self._own_entries, compiled),
        )
        session = fill(environment)
        session.language = language or compiled.form.default_language
        return Instance(entry, compiled, environment, session, moment)

    def _own_entries(self, compiled: CompiledForm, name: str) -> list[Item]:
        spec = compiled.form.instances.get(name)
        return [] if spec is None else self._replica.items(spec)

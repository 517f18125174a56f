"""A round: push what waits, send its files, pull what is new. One step, for whoever calls it.

* One round runs at a time, whoever asks for it.
* A part that fails does not keep the others from being tried, so long as there is a connection at
all; the first problem is raised at the end, and stays in `problem` until a round goes well.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from client.blobs import Blobs
from client.clock import Clock
from client.contact import note_contact
from client.db import Database
from client.device import Device
from client.errors import ClientError, NoConnectionError, RefusedError, StorageError
from client.exchange import Exchange
from client.outbox import Outbox
from client.profile import Profile, require_profile
from client.pull import Puller
from client.push import Pushed, Pusher
from client.push_files import FilePusher, Progress
from client.settings import read_setting, write_setting
from client.transport import Transport
from sync.errors import SyncError
from sync.times import format_time

_CLOSE_SECONDS = 1.0
_PROBLEM = "problem"
_LOG_CHANGED = "log_changed"

Json = dict[str, Any]
Connect = Callable[[Profile], Transport]


@dataclass(slots=True)
class _Done:
    """How much a round brought there and back."""

    pushed: Pushed = field(default_factory=Pushed)
    pulled: int = 0


class Rounds:
    """The rounds of one device."""

    def __init__(
        self,
        connect: Connect,
        db: Database,
        device: Device,
        puller: Puller,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._connect = connect
        self._db = db
        self._device = device
        self._clock = clock
        self._outbox = Outbox(db)
        self._pusher = Pusher(db, clock)
        self._files = FilePusher(db, blobs, clock)
        self._puller = puller
        self._running = Lock()
        self._transport: Transport | None = None
        self._server_time: datetime | None = None
        self._problem = read_setting(db, _PROBLEM)

    def run(self) -> Json:
        """Do one round: `{"pushed", "files", "pulled", "left", "attachments", "problem", "retry_after"}`.

        What the server refused, to a revoked device for one, stands in `problem`, and in
        `retry_after` the seconds after which it may change its mind.

        Raises:
            EnrolmentError: the device is not enrolled.
            UnreachableError: the server gave no answer.
            SyncError: the server speaks a version that is too far away.
        """
        profile = require_profile(self._db)
        with self._running:
            try:
                outcome, refusal = self._run(self._exchange(profile))
            except Exception as error:  # one that nobody expects, too, is to be seen by a person
                self._note_contact()
                self._note_problem(_told(error))
                raise
            problems = (refusal, self._note_contact())
            problem = next((_told(each) for each in problems if each is not None), None)
            self._note_problem(problem)
            retry_after = None if refusal is None else refusal.retry_after
            return {**outcome, "problem": problem, "retry_after": retry_after}

    @property
    def problem(self) -> Json | None:
        """What kept the last round from going well, in this process or in one before it."""
        try:
            found = json.loads(self._problem) if self._problem else None
        except ValueError:  # the disk has changed it: the next round tells anew
            return None
        return found if isinstance(found, dict) else None

    def _note_problem(self, problem: Json | None) -> None:
        before = self.problem
        if problem is not None:
            lasts = before is not None and before["code"] == problem["code"]
            since = before.get("since") if before and lasts else None
            problem = {**problem, "since": since or format_time(self._clock.now())}
        text = json.dumps(problem, ensure_ascii=False) if problem else ""
        if text == (self._problem or ""):
            return
        self._problem = text
        with suppress(StorageError), self._db.transaction():  # a full disk: this process knows it
            write_setting(self._db, _PROBLEM, text)

    def watch(self, on_progress: Callable[[Progress], None] | None) -> None:
        """Have something called at each step of a file; nothing any more with None."""
        self._files.on_progress = on_progress or (lambda _: None)

    def close(self) -> None:
        """Close the connections; a round that hangs in the network is not waited for."""
        has_ended = self._running.acquire(timeout=_CLOSE_SECONDS)
        try:
            if self._transport is not None:
                self._transport.close()
                self._transport = None
        finally:
            if has_ended:
                self._running.release()

    def _run(self, exchange: Exchange) -> tuple[Json, RefusedError | None]:
        done = _Done()
        problems = self._try_parts(exchange, done)
        if any(problem.code == _LOG_CHANGED for problem in problems):
            problems = self._try_parts(exchange, done)  # everything waits again, and goes now
        refusals = [problem for problem in problems if isinstance(problem, RefusedError)]
        if len(refusals) < len(problems):
            raise next(problem for problem in problems if problem not in refusals)
        outcome = {
            "pushed": done.pushed.revisions,
            "files": done.pushed.files,
            "pulled": done.pulled,
            "left": self._outbox.has_deliverable(),
            "attachments": [asdict(each) for each in self._files.handled],
        }
        return outcome, next(iter(refusals), None)

    def _try_parts(self, exchange: Exchange, done: _Done) -> list[ClientError]:
        """Do what can be done of a round; return what went wrong with its parts."""

        def pull() -> None:
            done.pulled += self._puller.pull(exchange)

        problems: list[ClientError] = []
        for part in (
            lambda: self._pusher.push_revisions(exchange, done.pushed),
            lambda: self._files.push_files(exchange, done.pushed),
            pull,
        ):
            _attempt(part, problems)
        return problems

    def _exchange(self, profile: Profile) -> Exchange:
        if self._transport is None:
            self._transport = self._connect(profile)
        exchange = Exchange(self._transport, self._device.key, profile.answer_key)
        exchange.on_answer = self._remember
        return exchange

    def _remember(self, server_time: datetime) -> None:
        self._server_time = server_time

    def _note_contact(self) -> StorageError | None:
        """Keep when the server answered; return why it could not be, which undoes nothing else."""
        server_time, self._server_time = self._server_time, None
        if server_time is None:
            return None
        try:
            with self._db.transaction():
                note_contact(self._db, self._clock.now(), server_time)
        except StorageError as error:
            return error
        return None


def _told(error: Exception) -> Json:
    if not isinstance(error, ClientError | SyncError):
        message = f"The round ended in an error of the program: {type(error).__name__}: {error}"
        return {
            "code": "unexpected",
            "message": message,
            "hint": "It is tried again. Tell us of it.",
        }
    return {"code": error.code, "message": error.message, "hint": error.hint}


def _attempt(part: Callable[[], None], problems: list[ClientError]) -> None:
    """Do a part of a round; keep its problem, unless there is no server to go on with.

    Raises:
        NoConnectionError: there is no way to the server.
    """
    try:
        part()
    except NoConnectionError:
        raise
    except ClientError as error:
        problems.append(error)

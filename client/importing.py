"""The answer to a bundle, brought home: the server's signed word, carried by hand.

* Only what the pinned key signed for this device is taken over, all of it in one transaction, by the
same two functions as after a push. Again changes nothing, and neither does an older answer: what is
decided in the log for good is not undone.
* An answer to a bundle that was made before the server lost what it had, or before this home was put
back, is not taken over: what it promised may be gone.
* A damaged answer yields its intact parts. Any other file is refused with what it seems to be.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client.bundle_nonce import bundle_nonce
from client.clock import Clock
from client.db import Database
from client.device import Device
from client.durable import storage_errors
from client.errors import InputError
from client.profile import Profile, require_profile
from client.revisions import Revisions
from sync.bundle_messages import BundleAnswer, open_bundle_answer
from sync.content_kind import ENOUGH, describe_content
from sync.errors import FrameError, MessageError, SignatureError
from sync.frames import Damage, FrameKind, scan_frames
from sync.messages import ItemResult, ItemState

Json = dict[str, Any]

LARGEST_ANSWER = 128 * 1024 * 1024
_CHUNK = 256 * 1024
_DECIDED = frozenset({ItemState.LOGGED.value, ItemState.QUARANTINED.value})


@dataclass(slots=True)
class _Read:
    """What was found in a file."""

    beginning: bytes = b""
    answers: list[BundleAnswer] = field(default_factory=list)
    damaged: int = 0  # stretches of bytes, and frames that say nothing readable
    strange: int = 0  # frames of other kinds
    forged: int = 0  # answers that the pinned key did not sign


class Importer:
    """Takes over the answers to this device's bundles."""

    def __init__(self, db: Database, device: Device, clock: Clock) -> None:
        self._db = db
        self._device = device
        self._clock = clock
        self._revisions = Revisions(db)

    def take_file(self, path: Path) -> Json:
        """Take over the answer in a file; see `take`.

        Raises:
            InputError: it is no answer to a bundle of this device.
            StorageError: it cannot be read, or nothing of it could be kept.
        """
        with storage_errors(path), path.open("rb") as file:
            return self.take(iter(lambda: file.read(_CHUNK), b""))

    def take(self, chunks: Iterable[bytes]) -> Json:
        """Take over an answer; return what it says, counted, and what of the answer is missing.

        Raises:
            EnrolmentError: the device is not enrolled.
            InputError: it is no answer to a bundle of this device.
            StorageError: nothing of it could be kept.
        """
        profile = require_profile(self._db)
        found = self._read(chunks, profile)
        if not found.answers:
            raise _refused(found)
        counts: Counter[str] = Counter()
        files = 0
        with self._db.transaction():
            for answer in found.answers:  # in here: a round may start over meanwhile
                self._check(answer, profile)
            for answer in found.answers:
                counts.update(self._apply(answer))
                files += self._acknowledge(answer)
            delivered = self._count_delivered(found.answers)
        return {
            **{state.value: counts[state.value] for state in ItemState},
            "revisions": counts.total(),
            "delivered": delivered,
            "files": files,
            "damaged": found.damaged + found.forged,
            "missing": _missing_parts(found.answers),
        }

    def _read(self, chunks: Iterable[bytes], profile: Profile) -> _Read:
        found = _Read()
        with suppress(FrameError):  # made to waste time: what was read until then stands
            for item in scan_frames(_bounded(chunks, found)):
                if isinstance(item, Damage):
                    found.damaged += 1
                elif item.kind is not FrameKind.ANSWER:
                    found.strange += 1
                else:
                    try:
                        found.answers.append(open_bundle_answer(item, profile.answer_key))
                    except SignatureError:
                        found.forged += 1
                    except MessageError:
                        found.damaged += 1
        return found

    def _check(self, answer: BundleAnswer, profile: Profile) -> None:
        if (answer.log, answer.device) != (profile.log, self._device.key.id):
            raise InputError(
                "This is the answer to a bundle of another device; nothing was changed.",
                code="other_answer",
                hint="Import it on the device that made the bundle.",
            )
        if answer.nonce != bundle_nonce(self._db, self._device):
            raise InputError(
                "This answer is to a bundle that does not count any more: the server, or this home, "
                "was put back since. Nothing was changed.",
                code="old_answer",
                hint="Export again, and carry the new bundle to the server.",
            )

    def _apply(self, answer: BundleAnswer) -> Iterator[str]:
        for result in answer.results:
            if not self._revisions.has(result.digest):
                continue
            if not self._is_decided(result):
                self._revisions.apply(result)
            yield result.state.value

    def _is_decided(self, result: ItemResult) -> bool:
        """Say whether more is known of a revision than an older answer can say."""
        row = self._db.row(
            "SELECT server_state, log_index FROM revision WHERE digest = ?", (result.digest,)
        )
        return (
            row is not None
            and result.state is ItemState.HELD
            and row["server_state"] in _DECIDED
            and row["log_index"] == result.index
        )

    def _acknowledge(self, answer: BundleAnswer) -> int:
        now, known = self._clock.now(), 0
        for file in answer.files:
            row = self._db.row(
                "SELECT acknowledged_at FROM attachment WHERE sha256 = ?", (file.sha256,)
            )
            if row is None:
                continue
            known += 1
            if row["acknowledged_at"] is None:
                self._revisions.acknowledge(file.sha256, now)
        return known

    def _count_delivered(self, answers: Iterable[BundleAnswer]) -> int:
        named = {result.digest for answer in answers for result in answer.results}
        return sum(self._revisions.state(digest) == "delivered" for digest in named)


def _bounded(chunks: Iterable[bytes], found: _Read) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if len(found.beginning) < ENOUGH:
            found.beginning = (found.beginning + chunk)[:ENOUGH]
        if size > LARGEST_ANSWER:
            raise _refused(found)
        yield chunk


def _missing_parts(answers: Iterable[BundleAnswer]) -> int:
    """Return how many parts are known to be missing; at least one where the last did not come."""
    parts = {answer.part: answer.is_last for answer in answers}
    last = max(parts)
    return last + 1 - len(parts) + (0 if parts[last] else 1)


def _refused(found: _Read) -> InputError:
    if found.forged and not found.strange:
        return InputError(
            "This answer is not signed by the server that this device is enrolled with.",
            code="other_answer",
            hint="Import it on the device that made the bundle.",
        )
    what = describe_content(found.beginning)
    hint = "Give the file that the organiser made with: tianbao-server import FILE --answer ANSWER."
    if what.startswith(("a bundle", "the journal")):
        hint = "A bundle goes to the organiser: tianbao-server import FILE."
    return InputError(
        f"This is no answer to a bundle, but {what}; nothing was changed.",
        code="not_an_answer",
        hint=hint,
    )

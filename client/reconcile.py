"""Journal and database, compared at the start of the program, and each mended from the other.

* A frame without a row: the revision is taken over into the database, and the draft that became it
ends; a draft that was written on since follows the revision instead, so that nothing typed is lost.
* A row without a frame: the frame is appended again. A row that the disk has changed is written anew
from its frame, a segment that it has changed from its rows; the damaged bytes are kept beside it.
* A torn end of the last segment is of a revision that was never called saved: it is cut off.
* What reads back from neither is told and left as it is; nothing shows it as data.

Each of the two is the other's high-water mark: where the database ends before the last segment begins
(it came from a backup), the comparison goes back to where it ends. Otherwise it reads the last segment
alone, so a start costs the same however much is held. Only when a new incarnation has begun, revisions
have come home from the server, or after an update from a version that kept no journal, everything is
compared once.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from client.clock import Clock
from client.db import Database, Row
from client.device import Device
from client.drafts import Drafts
from client.errors import StorageError
from client.journal import Journal, Part, Segment
from client.revisions import Revisions, SignedRevision
from client.settings import read_setting, write_setting
from client.troubles import Troubles
from sync.digest import is_named, raw_digest
from sync.errors import MessageError, SignatureError
from sync.frames import Damage, Frame, FrameKind, format_frame
from sync.keys import REVISION_TYPE, verify
from sync.revision import Revision, parse_revision

_COMPARED = "journal_compared"
_PAGE = 100
_REWRITTEN = 500
_OWN = "is_own = 1 AND device = ? AND incarnation = ?"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Compared:
    """What was found, by digest or by the name of a segment. All but `unread` and `lost` is mended.

    adopted   in the journal, and not in the database
    rows      in the database, but changed there by the disk
    frames    in the database, and not in the journal, or damaged there
    segments  damaged; their first bytes are kept beside them
    torn      ended in the middle of a frame that was never called saved
    unread    in the journal, of a version that this program cannot read
    lost      in the database alone, and changed there by the disk
    """

    adopted: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Read:
    """What stands in a segment: the signature of each sound revision, and the damage."""

    signatures: dict[str, bytes] = field(default_factory=dict)
    damages: list[Damage] = field(default_factory=list)
    is_forged: bool = False


class Reconciler:
    """Compares the journal and the database of a home."""

    def __init__(self, db: Database, journal: Journal, device: Device, clock: Clock) -> None:
        self._db = db
        self._journal = journal
        self._device = device
        self._clock = clock
        self._revisions = Revisions(db)
        self._drafts = Drafts(db)
        self._is_owed = True

    def start(self) -> None:
        """Compare them at the start; where the disk does not let it, the next saving waits for it."""
        try:
            self.require()
        except StorageError as error:
            _log.error("Journal and database could not be compared: %s", error.message)

    def require(self) -> None:
        """Compare them, if that is still owed.

        Raises:
            StorageError: they could not be compared, or not mended.
        """
        if not self._is_owed:
            return
        known, life = read_setting(self._db, _COMPARED), self._device.incarnation
        found = self.compare(is_all=known != life)
        if known is None:
            found.frames.clear()  # of a program that kept no journal, or come home from the server
        tell(found, Troubles(self._db), self._clock)
        if known != life:
            with self._db.transaction():
                write_setting(self._db, _COMPARED, life)
        self._is_owed = False

    def compare(self, *, is_all: bool) -> Compared:
        """Compare them and mend what can be mended: all there is, or what a crash may have touched.

        Raises:
            StorageError: they could not be compared, or not mended.
        """
        found = Compared()
        for life in self._lives() if is_all else (self._device.incarnation,):
            if is_all:
                self._compare_sealed(life, found)
            with self._db.held():
                top, reached = self._top(life), 0
                for part in self._journal.parts(life):
                    if part.end > top + 1:
                        reached = self._compare_part(life, part, found)
                self._append_after(life, reached, found)
        return found

    def _compare_sealed(self, life: str, found: Compared) -> None:
        parts = self._journal.parts(life)
        for part in parts[:-1]:
            with self._db.held():
                self._compare_part(life, part, found)
        # Of segments that are gone altogether no name tells where they began.
        while parts and (rows := self._rows(life, 1, parts[0].segment.first)[-_REWRITTEN:]):
            segment = self._journal.segment(life, rows[0]["sequence"])
            frames = list(self._frames([row["digest"] for row in rows], found))
            self._journal.rewrite(segment, frames, keep=False)
            parts = self._journal.parts(life)

    def _lives(self) -> list[str]:
        rows = self._db.rows(
            "SELECT DISTINCT incarnation FROM revision WHERE is_own = 1 AND device = ?",
            (self._device.key.id,),
        )
        in_journal = {segment.incarnation for segment in self._journal.segments()}
        return sorted(in_journal | {row["incarnation"] for row in rows})

    def _top(self, life: str) -> int:
        row = self._db.row(
            f"SELECT max(sequence) AS top FROM revision WHERE {_OWN}",  # noqa: S608 - a constant of this module
            (self._device.key.id, life),
        )
        return 0 if row is None else int(row["top"] or 0)

    def _compare_part(self, life: str, part: Part, found: Compared) -> int:
        """Compare a part; return the last sequence up to which it is whole now."""
        name = part.segment.path.name
        with self._db.transaction():
            read = self._read(part.segment, found)
        rows = self._rows(life, part.segment.first, part.end)
        there = [row["sequence"] for row in rows if row["digest"] in read.signatures]
        reached = max(there, default=part.segment.first - 1) if part.is_last else part.end
        missing = [row for row in rows if row["digest"] not in read.signatures]
        if part.is_last and _is_torn(part.segment, read) and not missing:
            self._journal.cut(part.segment.path, read.damages[0].offset)
            found.torn.append(name)
            return reached
        inside = [row["digest"] for row in missing if row["sequence"] < reached]
        is_damaged = bool(read.damages or read.is_forged)
        if is_damaged or inside:
            frames = [*self._sound_frames(part.segment, read), *self._frames(inside, found)]
            self._journal.rewrite(part.segment, frames, keep=is_damaged)
            found.segments.extend([name] * is_damaged)
        return reached

    def _read(self, segment: Segment, found: Compared) -> _Read:
        read = _Read()
        for each in self._journal.read(segment):
            if isinstance(each, Damage):
                read.damages.append(each)
            elif each.kind is FrameKind.REVISION and self._take(each, found):
                read.signatures[each.digest] = each.signature
            elif self._is_signed(each):
                read.signatures[each.digest] = each.signature
                found.unread.append(each.digest)
            else:
                read.is_forged = True
        return read

    def _take(self, frame: Frame, found: Compared) -> bool:
        """Say whether the database has a revision now, once it was taken over or mended if need be."""
        row = self._db.row(
            "SELECT content, signature, pruned_at FROM revision WHERE digest = ?", (frame.digest,)
        )
        if row is None:
            return self._adopt(frame, found)
        is_pruned = row["pruned_at"] is not None
        has_content = is_pruned or row["content"] == frame.payload
        if has_content and row["signature"] == frame.signature:
            return True
        if not self._is_signed(frame):
            return False
        content = row["content"] if is_pruned else frame.payload
        self._revisions.mend(frame.digest, content, frame.signature)
        found.rows.append(frame.digest)
        return True

    def _is_signed(self, frame: Frame) -> bool:
        try:
            verify(self._device.key.public, REVISION_TYPE, frame.payload, frame.signature)
        except SignatureError:
            return False
        return True

    def _adopt(self, frame: Frame, found: Compared) -> bool:
        """Take a revision of this device over into the database; say whether it was one."""
        try:
            revision = parse_revision(frame.payload)
        except MessageError:
            return False
        if revision.device != self._device.key.id or not self._is_signed(frame):
            return False
        draft = self._drafts.get(revision.entry)
        name = self._revisions.name(revision.parents) if draft is None else draft.name
        self._revisions.adopt(SignedRevision(revision, frame.payload, frame.signature, name))
        self._end_draft(revision, frame.digest)
        found.adopted.append(frame.digest)
        return True

    def _end_draft(self, revision: Revision, digest: str) -> None:
        draft = self._drafts.get(revision.entry)
        if draft is None or revision.operation != "put":
            return
        if set(draft.parents) != set(revision.parents):
            return
        # No clock says which of the two is newer: a draft is written after the frame of what it
        # became only where finalizing it had failed.
        if self._drafts.is_newer_than_tried(draft):
            self._drafts.follow(revision.entry, (digest,))
        else:
            self._drafts.remove(revision.entry)

    def _rows(self, life: str, first: int, end: int) -> list[Row]:
        return self._db.rows(
            f"SELECT digest, sequence FROM revision WHERE {_OWN} "  # noqa: S608 - a constant of this module
            "AND sequence >= ? AND sequence < ? AND pruned_at IS NULL ORDER BY sequence",
            (self._device.key.id, life, first, end),
        )

    def _sound_frames(self, segment: Segment, read: _Read) -> Iterator[Frame]:
        left = dict(read.signatures)
        for each in self._journal.read(segment):
            if isinstance(each, Frame) and left.get(each.digest) == each.signature:
                yield each
                del left[each.digest]

    def _frames(self, digests: Iterable[str], found: Compared) -> Iterator[Frame]:
        """Yield the frames of rows that the journal lacks."""
        for digest in digests:
            row = self._db.row(
                "SELECT content, signature FROM revision WHERE digest = ?", (digest,)
            )
            if row is not None and is_named(row["content"], digest):
                found.frames.append(digest)
                yield Frame(
                    FrameKind.REVISION, row["content"], raw_digest(digest), row["signature"]
                )
            else:
                found.lost.append(digest)

    def _append_after(self, life: str, sequence: int, found: Compared) -> None:
        """Append the frames of all rows behind a sequence: the last segment ends before them."""
        self._journal.extend(life, self._frames_after(life, sequence, found))

    def _frames_after(
        self, life: str, sequence: int, found: Compared
    ) -> Iterator[tuple[int, bytes]]:
        while rows := self._db.rows(
            f"SELECT digest, sequence FROM revision WHERE {_OWN} "  # noqa: S608 - a constant of this module
            "AND sequence > ? AND pruned_at IS NULL ORDER BY sequence LIMIT ?",
            (self._device.key.id, life, sequence, _PAGE),
        ):
            for row in rows:
                sequence = row["sequence"]
                for frame in self._frames((row["digest"],), found):
                    yield sequence, format_frame(frame)


def compare_at_next_start(db: Database) -> None:
    """Have everything compared at the next start, without a word of what the journal then lacks."""
    db.write("DELETE FROM setting WHERE name = ?", (_COMPARED,))


def tell(found: Compared, troubles: Troubles, clock: Clock) -> None:
    """Tell a person what a comparison found; what a crash leaves behind is told in the log alone."""
    for name in found.torn:
        _log.info("The journal %s ended in the middle of a revision never saved.", name)
    if len(found.adopted) == 1:
        _log.info("Revision %s was saved as the program ended.", found.adopted[0])
    for code, subjects, message, hint in (
        (
            "database_behind",
            found.adopted[1:] and found.adopted,
            "saved revisions were not in the database any more. They were put back from the journal.",
            "If you put client.db back from a backup, nothing is to be done.",
        ),
        (
            "database_damaged",
            found.rows,
            "revisions were changed by the disk. They were mended from the journal.",
            _CHECK_DISK,
        ),
        (
            "journal_damaged",
            found.segments,
            "files of the journal were changed by the disk. They were mended from the database; "
            "what stood there is kept beside them, as .damaged.",
            _CHECK_DISK,
        ),
        (
            "journal_behind",
            found.frames,
            "saved revisions were not in the journal any more. They were put back from the database.",
            "If you put the folder journal back from a backup, nothing is to be done.",
        ),
        (
            "revisions_damaged",
            found.lost,
            "revisions were changed by the disk, and there is no other copy on this device.",
            f"What was delivered is safe on the server. {_CHECK_DISK}",
        ),
        (
            "journal_newer",
            found.unread,
            "revisions in the journal are of a version that this program cannot read.",
            "Update the program; they are kept.",
        ),
    ):
        if subjects:
            _log.warning("%s: %s", code, ", ".join(subjects))
            note = troubles.note if code in _LASTING else troubles.happened
            note(code, "", f"{len(subjects)} {message}{_named(code, subjects)}", hint, clock.now())


def _named(code: str, subjects: list[str]) -> str:
    """Return which they are where that lasts, so that others are news to whoever dismissed these."""
    if code not in _LASTING:
        return ""
    names = ", ".join(sorted(each.removeprefix("sha256:")[:12] for each in subjects)[:_MOST_NAMED])
    return f" They are: {names}{', …' if len(subjects) > _MOST_NAMED else ''}."


_LASTING = frozenset({"revisions_damaged", "journal_newer"})
_MOST_NAMED = 5
_CHECK_DISK = "Check the disk, and look at everything with: tianbao doctor"


def _is_torn(segment: Segment, read: _Read) -> bool:
    """Say whether a segment is sound but for its end."""
    if len(read.damages) != 1 or read.is_forged:
        return False
    damage = read.damages[0]
    return damage.offset + damage.length == segment.path.stat().st_size

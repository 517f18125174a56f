"""The changes of the log that concern a device, in the order of the index.

* Forms, the campaign and the units concern everybody; revisions, and what became of held ones,
  concern the unit they were made for.
* A page covers every index from `after` up to `next`: what is not in it does not concern the
  device. `next` never passes what is committed.
* Telling the same page twice is harmless.
* What is damaged here is told without its content: it holds up nothing behind it.
* A device that followed a log which is not there any more, because an older backup was restored,
  is told so: it names the leaf it came to, and the places of its own revisions that it was told of
  when it pushed them, and both are asked for here.
* What a device made itself comes without its content, and not at all where the device says that it
  knows its place; all of it comes where the device asks for it, because it lost what it had.
"""

import json
from dataclasses import dataclass

from server import log
from server.db import Connection, Row
from server.errors import ConflictError
from server.members import Device
from server.revisions import result_of
from sync.frames import Frame, FrameKind, make_frame
from sync.keys import SIGNATURE_LENGTH
from sync.known import Known, mark_of
from sync.messages import ChangeItem
from sync.statement import StatementKind

DEFAULT_LIMIT = 200
MAX_LIMIT = 500
MAX_CONTENT = 2 * 1024 * 1024

_PUBLISHED = {
    StatementKind.FORM.value: FrameKind.DEFINITION,
    StatementKind.CAMPAIGN.value: FrameKind.CAMPAIGN,
    StatementKind.UNITS.value: FrameKind.UNITS,
}
# Three indexed walks, each cut at the limit: what a page costs does not grow with the log.
_WALKS = """
SELECT * FROM (SELECT idx, kind, object AS digest FROM leaf
    WHERE kind IN ('form', 'campaign', 'units') AND idx >= :after ORDER BY idx LIMIT :limit)
UNION ALL SELECT * FROM (SELECT idx, 'revision', digest FROM revision
    WHERE unit = :unit AND idx >= :after AND NOT EXISTS (SELECT 1 FROM json_each(:known)
        WHERE idx BETWEEN json_extract(value, '$[0]') AND json_extract(value, '$[1]'))
    ORDER BY idx LIMIT :limit)
UNION ALL SELECT * FROM (SELECT decided_idx, 'outcome', digest FROM revision
    WHERE unit = :unit AND decided_idx >= :after ORDER BY decided_idx LIMIT :limit)
ORDER BY 1 LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """Some changes with the frames of their contents, covering the indexes up to `next`.

    `leaf` is the digest of the leaf just before `next`, None at the log's beginning.
    """

    items: tuple[ChangeItem, ...]
    frames: tuple[Frame, ...]
    next: int
    log_size: int
    leaf: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a device has come: the next index, and the leaf before it where it can tell.

    `known` are places from `after` on where it knows its own revisions to stand; `is_own_wanted`
    says that it wants the contents of its own too.
    """

    after: int
    leaf: str | None = None
    known: tuple[Known, ...] = ()
    is_own_wanted: bool = False


def read_changes(connection: Connection, device: Device, cursor: Cursor, limit: int) -> ChangesPage:
    """Return the changes from a cursor on, as many as fit into a page, at least one.

    Raises:
        ConflictError: the log that the device followed is not this one.
    """
    size = log.size(connection)
    _require_same_log(connection, cursor, size)
    _require_own(connection, cursor, device)
    most = max(1, min(limit, MAX_LIMIT))
    rows = connection.execute(
        _WALKS,
        {
            "after": cursor.after,
            "limit": most + 1,
            "unit": device.unit,
            "known": json.dumps([(each.first, each.last) for each in cursor.known]),
        },
    ).fetchall()
    own = "" if cursor.is_own_wanted else device.id
    items: list[ChangeItem] = []
    frames: list[Frame] = []
    room = MAX_CONTENT
    for row in rows[:most]:
        item, frame, cost = _change(connection, row, own)
        room -= cost
        if room < 0 and items:
            break
        items.append(item)
        frames.extend(frame)
    covered = items[-1].index + 1 if len(items) < len(rows) else size
    leaf = log.leaf_digest(connection, covered - 1)
    return ChangesPage(tuple(items), tuple(frames), covered, size, leaf)


def _require_same_log(connection: Connection, cursor: Cursor, size: int) -> None:
    if cursor.after > size:
        found = f"the device has seen {cursor.after} leaves of it, and the server has {size}"
    elif cursor.leaf not in (None, log.leaf_digest(connection, cursor.after - 1)):
        found = f"its leaf {cursor.after - 1} is another one than the device has seen"
    else:
        return
    raise _log_changed(found)


def _require_own(connection: Connection, cursor: Cursor, device: Device) -> None:
    for each in cursor.known:
        rows = connection.execute(
            "SELECT digest FROM revision WHERE device = ? AND idx BETWEEN ? AND ? ORDER BY idx",
            (device.id, each.first, each.last),
        )
        if mark_of(row["digest"] for row in rows) != each.mark:
            raise _log_changed(f"what stands at {each.first} to {each.last} is not this device's")


def _log_changed(found: str) -> ConflictError:
    return ConflictError(
        f"The log is not the one that this device followed: {found}.",
        code="log_changed",
        hint="The server was restored from an older backup. The device hands in again by itself "
        "what is missing; tell the organiser where it does not.",
    )


def _change(
    connection: Connection, row: Row, own: str
) -> tuple[ChangeItem, tuple[Frame, ...], int]:
    """Return a change with its content, which one of the device `own` goes without, and the cost."""
    index, kind, digest = row["idx"], row["kind"], row["digest"]
    if kind in _PUBLISHED:
        content = log.read_object(connection, digest)
        frames = () if content is None else (make_frame(_PUBLISHED[kind], content),)
        return ChangeItem(index, kind, digest, bool(frames)), frames, len(content or b"")
    revision = connection.execute("SELECT * FROM revision WHERE digest = ?", (digest,)).fetchone()
    result, cost = result_of(revision), len(revision["violations"])
    # The device has what it made itself; an outcome's revision went out under its own index.
    if kind == StatementKind.OUTCOME or revision["device"] == own:
        return ChangeItem(index, kind, digest, has_content=False, result=result), (), cost
    frame = _signed_frame(connection, digest)
    item = ChangeItem(index, kind, digest, frame is not None, result)
    return item, () if frame is None else (frame,), cost + (len(frame.payload) if frame else 0)


def _signed_frame(connection: Connection, digest: str) -> Frame | None:
    """Return a revision; None where its bytes are missing or damaged."""
    row = connection.execute(
        "SELECT bytes, signature FROM object WHERE digest = ?", (digest,)
    ).fetchone()
    if row is None or not isinstance(row["bytes"], bytes):
        return None
    frame = make_frame(FrameKind.REVISION, row["bytes"], bytes(row["signature"] or b""))
    return frame if frame.digest == digest and len(frame.signature) == SIGNATURE_LENGTH else None

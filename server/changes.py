"""The changes of the log that concern a device, in the order of the index.

* Forms, the campaign and the units concern everybody; revisions, and what became of held ones,
  concern the unit they were made for.
* A page covers every index from `after` up to `next`: what is not in it does not concern the
  device. `next` never passes what is committed.
* Telling the same page twice is harmless.
"""

from dataclasses import dataclass

from server import log
from server.db import Connection, Row
from server.errors import ConflictError
from server.members import Device
from server.revisions import result_of
from sync.frames import Frame, FrameKind, make_frame
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
    WHERE unit = :unit AND idx >= :after ORDER BY idx LIMIT :limit)
UNION ALL SELECT * FROM (SELECT decided_idx, 'outcome', digest FROM revision
    WHERE unit = :unit AND decided_idx >= :after ORDER BY decided_idx LIMIT :limit)
ORDER BY 1 LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """Some changes with the frames of their contents, covering the indexes up to `next`."""

    items: tuple[ChangeItem, ...]
    frames: tuple[Frame, ...]
    next: int
    log_size: int


def read_changes(connection: Connection, device: Device, after: int, limit: int) -> ChangesPage:
    """Return the changes from index `after` on, as many as fit into a page, at least one.

    Raises:
        ConflictError: the log is shorter than what the device has seen of it.
    """
    size = log.size(connection)
    if after > size:
        raise ConflictError(
            f"The device has seen {after} leaves of the log; the server has {size}.",
            code="log_shrank",
            hint="The server was restored from an old backup. Tell the organiser.",
        )
    most = max(1, min(limit, MAX_LIMIT))
    rows = connection.execute(
        _WALKS, {"after": after, "limit": most + 1, "unit": device.unit}
    ).fetchall()
    items: list[ChangeItem] = []
    frames: list[Frame] = []
    room = MAX_CONTENT
    for row in rows[:most]:
        item, frame, cost = _change(connection, row, device)
        room -= cost
        if room < 0 and items:
            break
        items.append(item)
        frames.extend(frame)
    covered = items[-1].index + 1 if len(items) < len(rows) else size
    return ChangesPage(tuple(items), tuple(frames), covered, size)


def _change(
    connection: Connection, row: Row, device: Device
) -> tuple[ChangeItem, tuple[Frame, ...], int]:
    index, kind, digest = row["idx"], row["kind"], row["digest"]
    if kind in _PUBLISHED:
        content = log.read_object(connection, digest) or b""
        frame = make_frame(_PUBLISHED[kind], content)
        return ChangeItem(index, kind, digest, has_content=True), (frame,), len(content)
    revision = connection.execute("SELECT * FROM revision WHERE digest = ?", (digest,)).fetchone()
    result, cost = result_of(revision), len(revision["violations"])
    # The device has what it made itself; an outcome's revision went out under its own index.
    if kind == StatementKind.OUTCOME or revision["device"] == device.id:
        return ChangeItem(index, kind, digest, has_content=False, result=result), (), cost
    stored = connection.execute(
        "SELECT bytes, signature FROM object WHERE digest = ?", (digest,)
    ).fetchone()
    content = bytes(stored["bytes"])
    frame = make_frame(FrameKind.REVISION, content, bytes(stored["signature"]))
    item = ChangeItem(index, kind, digest, has_content=True, result=result)
    return item, (frame,), cost + len(content)

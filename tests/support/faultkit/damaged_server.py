"""A data folder with something of everything, and what is still true of it once it was damaged."""

import hashlib
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from faultkit.full_server import FullServer

from server.backup import back_up
from server.config import DataFolder
from server.db import DatabaseError, open_reader, quoted
from server.doctor import examine
from server.errors import ServerError
from server.projection.projector import Projector
from server.restore import restore
from server.services import open_services
from server.uploads import Chunk
from sync.errors import SyncError

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
KNOWN = (ServerError, SyncError)


class OriginalServer:
    """A data folder before anything was damaged, its backup, and what was promised."""

    def __init__(self, folder, chance):
        self.folder, self._live = folder, folder / "live"
        self._live.mkdir()
        worker = FullServer(self._live, folder, chance)
        assert worker.live(2)
        worker._services.readers.close()
        self._part(worker, chance)
        # With everything open, so that the log's last pages are in the WAL alone.
        shutil.copytree(self._live, folder / "kept")
        worker.close()
        self.promises, self.log = worker.promises, worker._device.log
        self.rows = _rows(folder / "kept" / "data" / "audit.db")
        assert self.rows

    def _part(self, worker, chance):
        content = chance.randbytes(9000)
        sha256 = hashlib.sha256(content).hexdigest()
        photo = {"sha256": sha256, "size": 9000, "type": "image/png", "name": "a.png"}
        device = worker._device
        worker._take([device.frame(device.revision({"title": "半", "photo": photo}))])
        unit = worker._services.directory.device(device.key.id).unit
        worker._services.store_chunk(unit, Chunk(sha256, 0, 9000, content[:4000]))
        worker.do("project")
        back_up(worker.folder, worker._backup_place, NOW)

    def copy(self, place):
        """Make a copy of the folder and its backup."""
        shutil.copytree(self.folder / "kept", place)


def silent_in(original, place):
    """Return what of the promises is broken though everything says that all is well."""
    folder = DataFolder(place / "data")
    broken = []
    try:
        with open_services(folder):
            pass
        broken = original.promises.broken_by(folder.path)
        report = examine(folder, None, NOW, may_mend=False)
    except KNOWN:
        return []  # it does not open, and says why
    return broken if report.is_sound else []


def false_in(original, place):
    """Return rows that the auditors' database shows and that are not so."""
    folder = DataFolder(place / "data")
    for path in Path(folder.path).glob("audit.db*"):
        path.unlink()
    try:
        with closing(Projector(folder.log_db, folder.audit_db)) as projector:
            projector.catch_up()
    except KNOWN:
        return []
    shown = _rows(folder.audit_db)
    return sorted(shown - original.rows)


def silent_in_backup(original, place):
    """Return what a restored folder lacks of what was backed up, if the restore said nothing."""
    folder = DataFolder(place / "restored")
    try:
        restored = restore(place / "backup", folder)
    except KNOWN:
        return []
    if restored.missing_attachments or restored.findings:
        return []
    promises = original.promises
    offsets, promises.offsets = promises.offsets, {}  # what is on its way in is not backed up
    try:
        return promises.broken_by(folder.path)
    finally:
        promises.offsets = offsets


def _rows(audit_db):
    """Return what auditors see of the answers: every title that any form's table holds."""
    with closing(open_reader(audit_db)) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT m.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c "
                "WHERE m.type = 'table' AND c.name = 'title'"
            )
        ]
        found = set()
        for table in tables:
            try:
                rows = connection.execute(f"SELECT title FROM {quoted(table)}").fetchall()  # noqa: S608 - a name
            except DatabaseError:
                continue
            found |= {(table, row[0]) for row in rows}
    return found

"""Makes a data folder from a backup, in an empty place, and checks all of it.

* Everything is checked before and after: the digest of each pack, key and attached file, then the
  log that was made, as `doctor` looks at it.
* log.db gets its name last. A restore that is cut short leaves no data folder, and the next into the
  same place clears away what it left. Nobody else can begin anything there meanwhile.
* A backup with damaged packs is refused, unless it is asked for: then all that is intact in them is
  taken, and what is not is named. The log has no gaps: where a leaf is gone, nothing can be made.
* The log goes on where the backup ends. Devices notice that it is shorter than what they have seen,
  and push again what is missing. What only the server knew is lost: members enrolled, invitations
  given out and devices revoked since.
"""

import shutil
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from server import log
from server.archive import Archive, KeptFile, Manifest, copy_file
from server.blobs import blob_path
from server.config import PRIVATE_FILE, DataFolder, flush_folder, write_private
from server.db import DatabaseError, open_sealed, open_writer
from server.errors import ConflictError, DataFolderError
from server.lock import hold
from server.migrations import SCHEMA_VERSION
from server.packs import put_back
from server.scrub import Finding, scrub_log

_OTHER_BACKUP = "Use another backup; this one is left as it is."
_SALVAGE = (
    "Use another backup; this one is left as it is. Where there is none, `restore --damaged` takes "
    "what is intact of it and names the rest."
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back, as of `made_at`; what is missing in it is named."""

    path: str
    log: str
    made_at: datetime
    leaves: int
    attachments: int
    missing_attachments: tuple[str, ...]
    findings: tuple[Finding, ...] = field(default=())


def restore(source: Path, folder: DataFolder, *, takes_damaged: bool = False) -> Restored:
    """Make a data folder from the backup in `source`; of damaged packs too, if that is asked for.

    Raises:
        ConflictError: the place of the new folder is not empty.
        DataFolderError: there is no backup, or it is damaged; nothing was made.
        LockedError: another process is at work in that place.
    """
    archive = Archive(source)
    manifest, damaged = _require_backup(archive, takes_damaged=takes_damaged)
    _require_free(folder)
    folder.make()
    with hold(folder.lock):
        _require_free(folder)
        _clear(folder)
        try:
            return _restore(archive, manifest, folder, damaged)
        except DatabaseError as error:
            raise _bad(f"The log could not be made from the backup: {error}") from error
        except OSError as error:
            raise DataFolderError(
                f"The backup could not be restored: {error}",
                code="restore_failed",
                hint="Restore it again: what there is of it by now is cleared away.",
            ) from error


def _restore(
    archive: Archive, manifest: Manifest, folder: DataFolder, damaged: list[KeptFile]
) -> Restored:
    part = _part(folder)
    _make_log(archive, manifest, part)
    missing, count = _copy_blobs(archive, folder, part)
    for key in manifest.keys:
        write_private(folder.keys / Path(key.name).name, (archive.path / key.name).read_bytes())
    findings = _check(part, manifest, damaged)
    part.replace(folder.log_db)
    flush_folder(folder.path)
    return Restored(
        path=str(folder.path),
        log=manifest.log,
        made_at=manifest.made_at,
        leaves=manifest.size,
        attachments=count,
        missing_attachments=missing,
        findings=findings,
    )


def check_archive(archive: Archive, manifest: Manifest) -> list[KeptFile]:
    """Return the files of a backup that are missing or damaged, attached files aside."""
    files = (*(pack.file for pack in manifest.packs), manifest.state, *manifest.keys)
    return [file for file in files if not archive.is_whole(file)]


def _require_backup(archive: Archive, *, takes_damaged: bool) -> tuple[Manifest, list[KeptFile]]:
    manifest = archive.read()
    if manifest is None:
        raise DataFolderError(
            f"There is no backup in {archive.path}.",
            code="no_backup",
            hint="Give the folder that `tianbao-server backup` was called with.",
        )
    if manifest.schema_version > SCHEMA_VERSION:
        raise DataFolderError(
            f"The backup is of schema version {manifest.schema_version}; this program knows "
            f"{SCHEMA_VERSION}.",
            code="newer_schema",
            hint="Update the program.",
        )
    damaged = check_archive(archive, manifest)
    packs = {pack.file for pack in manifest.packs}
    if damaged and not (takes_damaged and packs.issuperset(damaged)):
        hint = _SALVAGE if packs.issuperset(damaged) else _OTHER_BACKUP
        raise _bad(f"These files of the backup are missing or damaged: {_names(damaged)}.", hint)
    return manifest, damaged


def _part(folder: DataFolder) -> Path:
    return folder.path / "log.db.part"


def _require_free(folder: DataFolder) -> None:
    """Refuse a place that holds anything but what a restore leaves that was cut short."""
    if not folder.path.exists():
        return
    leftovers = {folder.lock, folder.keys, folder.blobs, *folder.path.glob("log.db.part*")}
    is_known = leftovers.issuperset(folder.path.iterdir())
    is_begun = _part(folder).exists()  # the first file of a restore, and the last to go
    is_bare = all(path.is_dir() or path == folder.lock for path in folder.path.rglob("*"))
    if not (is_known and (is_begun or is_bare)):
        raise ConflictError(
            f"{folder.path} is not empty.",
            code="exists",
            hint="Move what is there aside; a restore never writes over anything.",
        )


def _clear(folder: DataFolder) -> None:
    for place in (folder.keys, folder.blobs):
        shutil.rmtree(place)
    for path in folder.path.glob("log.db.part*"):
        path.unlink()
    folder.make()


def _make_log(archive: Archive, manifest: Manifest, part: Path) -> None:
    shutil.copyfile(archive.path / manifest.state.name, part)
    part.chmod(PRIVATE_FILE)
    with closing(open_writer(part)) as connection:
        for pack in manifest.packs:
            put_back(connection, archive.path / pack.file.name)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copy_blobs(archive: Archive, folder: DataFolder, part: Path) -> tuple[tuple[str, ...], int]:
    missing, count = [], 0
    with closing(open_sealed(part)) as connection:
        names = [row[0] for row in connection.execute("SELECT sha256 FROM attachment ORDER BY idx")]
    for name in names:
        try:
            copy_file(archive.blob(name), blob_path(folder, name), name)
            count += 1
        except DataFolderError:
            missing.append(name)
    return tuple(missing), count


def _check(part: Path, manifest: Manifest, damaged: list[KeptFile]) -> tuple[Finding, ...]:
    with closing(open_sealed(part)) as connection:
        size = log.size(connection)
        leaf = log.leaf_digest(connection, size - 1)
        findings = tuple(scrub_log(connection))
    if (size, leaf) != (manifest.size, manifest.leaf):
        raise _bad(
            f"The log that was made has {size} leaves, and not the end that the backup names."
        )
    leaves = [found.subject for found in findings if found.code == "leaf_damaged"]
    if damaged and leaves:
        raise _bad(f"The backup holds no good copy of {', '.join(leaves)}.")
    # What was wrong with the log already when it was backed up is told, and stands in nobody's way.
    rotten = (Finding("backup_damaged", file.name, "It rotted.", _OTHER_BACKUP) for file in damaged)
    return (*rotten, *findings)


def _names(files: list[KeptFile]) -> str:
    return ", ".join(file.name for file in files)


def _bad(message: str, hint: str = _OTHER_BACKUP) -> DataFolderError:
    return DataFolderError(message, code="bad_backup", hint=hint)

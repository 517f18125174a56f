"""Makes a data folder from a backup, in an empty place, and checks all of it.

* Everything is checked before and after: the digest of each pack, key and attached file, then the
  log that was made, as `doctor` looks at it.
* log.db gets its name last. A restore that is cut short leaves no data folder.
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
from server.migrations import SCHEMA_VERSION
from server.packs import put_back
from server.scrub import Finding, scrub_log


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


def restore(source: Path, folder: DataFolder) -> Restored:
    """Make a data folder from the backup in `source`.

    Raises:
        ConflictError: the place of the new folder is not empty.
        DataFolderError: there is no backup, or it is damaged; nothing was made.
    """
    archive = Archive(source)
    manifest = _require_backup(archive)
    _require_empty(folder)
    folder.make()
    part = folder.path / "log.db.part"
    try:
        _make_log(archive, manifest, part)
        missing, count = _copy_blobs(archive, folder, part)
        for key in manifest.keys:
            write_private(folder.keys / Path(key.name).name, (source / key.name).read_bytes())
        findings = _check(part, manifest)
    except DatabaseError as error:
        raise _bad(f"The log could not be made from the backup: {error}") from error
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


def _require_backup(archive: Archive) -> Manifest:
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
    if damaged:
        raise _bad(f"These files of the backup are missing or damaged: {_names(damaged)}.")
    return manifest


def _require_empty(folder: DataFolder) -> None:
    if folder.path.exists() and any(folder.path.iterdir()):
        raise ConflictError(
            f"{folder.path} is not empty.",
            code="exists",
            hint="Move what is there aside; a restore never writes over anything.",
        )


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


def _check(part: Path, manifest: Manifest) -> tuple[Finding, ...]:
    with closing(open_sealed(part)) as connection:
        size = log.size(connection)
        leaf = log.leaf_digest(connection, size - 1)
        findings = tuple(scrub_log(connection))
    if (size, leaf) != (manifest.size, manifest.leaf):
        raise _bad(
            f"The log that was made has {size} leaves, and not the end that the backup names."
        )
    # What was wrong with the log already when it was backed up is told, and stands in nobody's way.
    return findings


def _names(files: list[KeptFile]) -> str:
    return ", ".join(file.name for file in files)


def _bad(message: str) -> DataFolderError:
    return DataFolderError(
        message, code="bad_backup", hint="Use another backup; this one is left as it is."
    )

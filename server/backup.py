"""Backs a data folder up while its server runs, adding only what is new since the last time.

* Reads log.db beside the server, as Datasette reads the auditors' database: the server neither
  waits for it nor notices. What is copied is the log as of one moment.
* Only what came since the last backup is written: new ranges of the log, new attached files, and
  the small tables. The last range is written again until it is large enough to be left alone.
* What was written is read back and checked before the manifest names it. A backup that is cut
  short leaves the one before it as it was.
* What is there already rots in silence: each backup reads again all packs and a share of the
  attached files, and writes those anew that are not what they were, while the server has them.
* A folder holds backups of one log alone, and never takes a step back: a server that was restored
  from an older backup needs a new folder, so that the newer backup stays.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from server import log
from server.archive import Archive, KeptFile, Manifest, Pack, copy_file, has_name, measure_file
from server.blobs import blob_path
from server.config import DataFolder, write_private
from server.db import Connection, DatabaseError, open_reader
from server.errors import ConflictError, DataFolderError
from server.lock import hold
from server.migrations import SCHEMA_VERSION, schema_version
from server.packs import Range, damaged_objects, last_leaf, write_pack, write_state
from server.settings import log_name

PACK_LEAVES = 2000
_SHARES = 11
_HOUR = 3600
_PACK_BYTES = 16 * 1024 * 1024  # a pack of this size is left alone, however few leaves it holds


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup added; `damaged` names what the server holds in no good copy to back up.

    `renewed` names files of the backup that were damaged in it, and are written anew.
    """

    path: str
    made_at: datetime
    leaves: int
    new_leaves: int
    attachments: int
    new_attachments: int
    bytes_written: int
    damaged: tuple[str, ...]
    renewed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Log:
    """What a log says of itself before it is copied."""

    name: str
    schema_version: int
    size: int


@dataclass(frozen=True, slots=True)
class _Copied:
    """The packs of a backup, those that were written just now, and the state.

    `renewed` are those of the packs that were damaged, and are written anew.
    """

    packs: tuple[Pack, ...]
    new: tuple[Pack, ...]
    state: KeptFile
    renewed: tuple[Pack, ...] = ()

    @property
    def written(self) -> int:
        """Return how many bytes were written."""
        packs = (*self.new, *self.renewed)
        return sum(pack.file.size for pack in packs) + self.state.size

    @property
    def stop(self) -> int:
        return self.packs[-1].stop if self.packs else 0


@dataclass(frozen=True, slots=True)
class _Files:
    """How many attached files there are, how many of them and of their bytes are new."""

    count: int
    new: int
    written: int
    missing: tuple[str, ...]
    renewed: tuple[str, ...]


def back_up(folder: DataFolder, target: Path, now: datetime) -> BackedUp:
    """Bring the backup in a folder up to the log as it is now.

    Raises:
        ConflictError: the folder holds a backup of another log, or a newer one of this.
        DataFolderError: the data folder or the backup cannot be used as it is.
        LockedError: another backup into this folder is at work.
    """
    archive = Archive(target)
    _require_place(folder, archive)
    archive.make()
    with hold(archive.lock):
        try:
            return _back_up(folder, archive, now)
        except (DatabaseError, OSError) as error:
            raise DataFolderError(
                f"The backup could not be made: {error}",
                code="backup_failed",
                hint="The backup before it is as it was. Free some room, or run `doctor`.",
            ) from error


def _back_up(folder: DataFolder, archive: Archive, now: datetime) -> BackedUp:
    before = archive.read()
    with closing(open_reader(folder.log_db)) as connection:
        source = _describe(connection)
        _require_same_log(connection, source, before)
    keys = _copy_keys(folder, archive)
    copied, damaged = _copy_log(folder, archive, source, before)
    files = _copy_blobs(folder, archive, copied.stop, now)
    manifest = Manifest(
        log=source.name,
        schema_version=source.schema_version,
        made_at=now,
        size=copied.stop,
        leaf=_leaf(archive, copied.packs),
        packs=copied.packs,
        state=copied.state,
        keys=keys,
        attachments=files.count,
        damaged=damaged,
        missing_attachments=files.missing,
    )
    archive.write(manifest)
    _tidy(archive, manifest)
    return BackedUp(
        path=str(archive.path),
        made_at=now,
        leaves=manifest.size,
        new_leaves=manifest.size - (before.size if before else 0),
        attachments=files.count,
        new_attachments=files.new,
        bytes_written=copied.written + files.written,
        damaged=damaged + files.missing,
        renewed=(*(pack.file.name for pack in copied.renewed), *files.renewed),
    )


def _require_place(folder: DataFolder, archive: Archive) -> None:
    inner, outer = archive.path.resolve(), folder.path.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise ConflictError(
            "A backup does not lie in the data folder, nor around it.",
            code="other_backup",
            hint="Use a folder on another disk: what destroys the one should spare the other.",
        )
    if archive.path.exists() and any(archive.path.iterdir()) and not archive.lock.exists():
        raise ConflictError(
            f"{archive.path} holds other files.",
            code="other_backup",
            hint="Use a folder that is empty, or that a backup was made into.",
        )


def _describe(connection: Connection) -> _Log:
    version = schema_version(connection)
    if version > SCHEMA_VERSION:
        raise DataFolderError(
            f"The data folder is of schema version {version}; this program knows {SCHEMA_VERSION}.",
            code="newer_schema",
            hint="Update the program.",
        )
    return _Log(log_name(connection), version, log.size(connection))


def _require_same_log(connection: Connection, source: _Log, before: Manifest | None) -> None:
    if before is None:
        return
    if before.log != source.name:
        raise ConflictError(
            f"The folder holds a backup of the log {before.log}, not of {source.name}.",
            code="other_backup",
            hint="Use another folder.",
        )
    if before.size and log.leaf_digest(connection, before.size - 1) != before.leaf:
        raise ConflictError(
            "The backup holds leaves that the server's log has not: the server was restored from "
            "an older backup.",
            code="other_backup",
            hint="Use another folder, and keep this one until nothing is missed any more.",
        )


def _copy_keys(folder: DataFolder, archive: Archive) -> tuple[KeptFile, ...]:
    kept = []
    for source in (folder.answer_key, folder.log_key, folder.cookie_key):
        target = archive.path / "keys" / source.name
        if not target.exists():
            write_private(target, source.read_bytes())
        found = measure_file(target)
        if found != measure_file(source):
            raise ConflictError(
                f"The backup has another {source.name} than the server.",
                code="other_backup",
                hint="Use another folder.",
            )
        kept.append(KeptFile(f"keys/{source.name}", *found))
    return tuple(kept)


def _copy_log(
    folder: DataFolder, archive: Archive, source: _Log, before: Manifest | None
) -> tuple[_Copied, tuple[str, ...]]:
    """Copy what of the log is new; return it, and the names of the objects that are damaged."""
    earlier, renewed = _earlier(folder, archive, source, before)
    is_grown = before is None or source.size > before.size
    is_sound = before is None or not before.damaged
    # What was damaged may be mended meanwhile: then all of it is copied again.
    kept = (_large(earlier) if is_grown else earlier) if is_sound else ()
    copied = _write(folder, archive, source, kept)
    damaged = _damaged(archive, copied.new)
    if damaged and kept != earlier:
        # An older copy may be the last good one: it is kept as it is, and added to.
        copied = _write(folder, archive, source, earlier)
        known = () if before is None else before.damaged
        damaged = tuple(sorted({*known, *_damaged(archive, copied.new)}))
    damaged = tuple(sorted({*damaged, *_damaged(archive, renewed)}))
    return replace(copied, renewed=renewed), damaged


def _earlier(
    folder: DataFolder, archive: Archive, source: _Log, before: Manifest | None
) -> tuple[tuple[Pack, ...], tuple[Pack, ...]]:
    """Return the packs that can be added to, and those of them that had to be written anew.

    After an update of the tables there are none.
    """
    if before is None or before.schema_version != source.schema_version:
        return (), ()
    part = archive.path / "packs" / "new.part"
    packs, renewed = [], []
    for pack in before.packs:
        if archive.is_whole(pack.file):
            packs.append(pack)
        else:
            packs.append(_write_one(folder, archive, part, Range(pack.start, pack.stop)))
            renewed.append(packs[-1])
    return tuple(packs), tuple(renewed)


def _large(packs: tuple[Pack, ...]) -> tuple[Pack, ...]:
    """Return the packs without the small ones at the end, which are written again, joined."""
    while packs and not _is_large(packs[-1]):
        packs = packs[:-1]
    return packs


def _is_large(pack: Pack) -> bool:
    return pack.stop - pack.start >= PACK_LEAVES or pack.file.size >= _PACK_BYTES


def _write(folder: DataFolder, archive: Archive, source: _Log, kept: tuple[Pack, ...]) -> _Copied:
    new: list[Pack] = []
    part = archive.path / "packs" / "new.part"
    start = kept[-1].stop if kept else 0
    while source.size - start > PACK_LEAVES:
        covered = Range(start, start + PACK_LEAVES)
        new.append(_write_one(folder, archive, part, covered))
        start = covered.stop
    state = archive.path / "state" / "new.part"
    last = write_state(state, part, folder.log_db, start)
    if last.stop > last.start:
        new.append(_keep(archive, part, last))
    part.unlink(missing_ok=True)
    return _Copied((*kept, *new), tuple(new), archive.keep(state, f"{last.stop:010}", ".db"))


def _write_one(folder: DataFolder, archive: Archive, part: Path, covered: Range) -> Pack:
    write_pack(part, folder.log_db, covered)
    return _keep(archive, part, covered)


def _keep(archive: Archive, part: Path, covered: Range) -> Pack:
    name = f"{covered.start:010}-{covered.stop:010}"
    return Pack(archive.keep(part, name, ".pack"), covered.start, covered.stop)


def _damaged(archive: Archive, packs: Iterable[Pack]) -> tuple[str, ...]:
    return tuple(
        digest for pack in packs for digest in damaged_objects(archive.path / pack.file.name)
    )


def _leaf(archive: Archive, packs: tuple[Pack, ...]) -> str | None:
    """Return the digest of the last leaf, as it stands in the last pack.

    Raises:
        DataFolderError: the pack does not end where it should.
    """
    if not packs:
        return None
    found = last_leaf(archive.path / packs[-1].file.name)
    if found is None or found[0] != packs[-1].stop - 1:
        raise DataFolderError(
            "What was written is not what the log holds.",
            code="backup_failed",
            hint="The backup before it is as it was. Run `doctor`.",
        )
    return found[1]


def _copy_blobs(folder: DataFolder, archive: Archive, size: int, now: datetime) -> _Files:
    count, new, written, missing, renewed = 0, 0, 0, [], []
    with closing(open_reader(folder.log_db)) as connection:
        rows = connection.execute("SELECT sha256, size FROM attachment WHERE idx < ?", (size,))
        for row in rows.fetchall():
            count += 1
            name = row["sha256"]
            source, target = blob_path(folder, name), archive.blob(name)
            is_there = target.exists() and target.stat().st_size == row["size"]
            if is_there and (not _is_due(name, now) or has_name(target, name)):
                continue
            try:
                written += copy_file(source, target, name)
            except DataFolderError:
                missing.append(name)
                continue
            new += not is_there
            renewed += [f"blobs/{name}"] if is_there else []
    return _Files(count, new, written, tuple(missing), tuple(renewed))


def _is_due(sha256: str, now: datetime) -> bool:
    """Say whether a copy is read again this time: one of `_SHARES`, another each hour.

    Their number is a prime, so that neither daily nor weekly backups ever leave one out.
    """
    return int(sha256[:8], 16) % _SHARES == int(now.timestamp()) // _HOUR % _SHARES


def _tidy(archive: Archive, manifest: Manifest) -> None:
    """Delete the packs and states that no manifest names any more."""
    named = {manifest.state.name, *(pack.file.name for pack in manifest.packs)}
    for folder in ("packs", "state"):
        for path in (archive.path / folder).iterdir():
            if path.relative_to(archive.path).as_posix() not in named:
                path.unlink()

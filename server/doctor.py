"""Checks everything that a data folder holds, and mends what can be mended.

* Without the folder's lock, beside a running server, it only looks.
* With it, and nobody else at work, it also mends: objects, signatures, files and keys out of a
  backup, by bytes that have the right digest and no others; what the rows of a revision say of
  what is signed; indexes of the database; what is only
  derived, by making it again.
* A damaged file that no backup has is set aside, so that the server asks for it again. Nothing is
  ever deleted but what is derived, or what the next start would sweep away too.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from server import log
from server.archive import Archive, Manifest, copy_file, has_name
from server.blobs import Blobs, blob_path
from server.config import PRIVATE_FOLDER, DataFolder, write_private
from server.db import Connection, DatabaseError, open_reader, open_writer, transaction
from server.drawn_rows import draw_again
from server.errors import DataFolderError, ServerError
from server.keys import open_keys
from server.migrations import migrate
from server.packs import find_object
from server.projection.projector import Projector
from server.restore import check_archive
from server.room import Room, room_of
from server.scrub import Finding, Gap, gaps, scrub_log, scrub_pages
from server.uploads import Uploads
from sync.digest import digest_of

_FROM_OBJECTS = frozenset(
    {"object_damaged", "object_missing", "signature_damaged", "signature_wrong"}
)
_FROM_BACKUP = (
    "Stop the server and run `tianbao-server doctor --backup DIR`. Where no backup has it, a device "
    "that still holds the file hands it in when it next pushes the entry."
)
_AGAIN = "Stop the server and run `tianbao-server doctor`: it is made again from the log."


@dataclass(frozen=True, slots=True)
class Report:
    """What a look at everything found. `parts` counts the files that are on their way in."""

    leaves: int
    attachments: int
    parts: int
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    room: Room
    may_mend: bool = field(default=False)

    @property
    def is_sound(self) -> bool:
        """Say whether nothing is left to be put right."""
        return all(finding.is_mended for finding in self.findings)


def examine(folder: DataFolder, backup: Path | None, now: datetime, *, may_mend: bool) -> Report:
    """Look at everything; mend what can be, if the caller holds the folder's lock.

    Raises:
        DataFolderError: there is no backup where one was named.
    """
    archive = None if backup is None else _require_archive(backup)
    if may_mend:
        _bring_up_to_date(folder)
    findings = [
        *_keys(folder, archive, may_mend=may_mend),
        *_log(folder, archive, may_mend=may_mend),
        *_files(folder, archive, may_mend=may_mend),
        *_audit(folder, may_mend=may_mend),
        *_backup(archive),
    ]
    if may_mend:
        Uploads(folder, Blobs(folder)).sweep(now)
    size, attachments, missed = _counts(folder)
    parts = sum(1 for path in folder.incoming.glob("*.part")) if folder.incoming.is_dir() else 0
    return Report(size, attachments, parts, tuple(findings), missed, room_of(folder), may_mend)


def _require_archive(path: Path) -> tuple[Archive, Manifest]:
    archive = Archive(path)
    manifest = archive.read()
    if manifest is None:
        raise DataFolderError(
            f"There is no backup in {path}.",
            code="no_backup",
            hint="Give the folder that `tianbao-server backup` was called with.",
        )
    return archive, manifest


def _bring_up_to_date(folder: DataFolder) -> None:
    """Bring log.db to this version, as each start does; what stands against it is found later."""
    try:
        with closing(open_writer(folder.log_db)) as connection:
            migrate(connection)
    except (DatabaseError, DataFolderError):
        return


def _keys(
    folder: DataFolder, archive: tuple[Archive, Manifest] | None, *, may_mend: bool
) -> Iterator[Finding]:
    try:
        open_keys(folder)
    except DataFolderError as error:
        found = Finding(error.code, "keys", error.message, error.hint)
    else:
        return
    if may_mend and archive is not None:
        for path in (folder.answer_key, folder.log_key, folder.cookie_key):
            kept = archive[0].path / "keys" / path.name
            if not path.exists() and kept.exists():
                write_private(path, kept.read_bytes())
        try:
            open_keys(folder)
        except DataFolderError:
            pass
        else:
            found = replace(found, is_mended=True)
    yield found


def _log(
    folder: DataFolder, archive: tuple[Archive, Manifest] | None, *, may_mend: bool
) -> list[Finding]:
    found = _scrub(folder)
    if not (found and may_mend and _mend_log(folder, archive, found)):
        return found
    left = {(finding.code, finding.subject) for finding in _scrub(folder)}
    return [
        replace(finding, is_mended=(finding.code, finding.subject) not in left) for finding in found
    ]


def _scrub(folder: DataFolder) -> list[Finding]:
    with closing(open_reader(folder.log_db)) as connection:
        return list(scrub_log(connection))


def _mend_log(
    folder: DataFolder, archive: tuple[Archive, Manifest] | None, found: Iterable[Finding]
) -> bool:
    """Put right what can be; say whether anything was tried."""
    is_tried = False
    try:
        with closing(open_writer(folder.log_db)) as connection:
            if any(finding.code == "pages_damaged" for finding in found):
                connection.execute("REINDEX")
                is_tried = True
            for finding in found:
                if finding.code == "row_damaged":
                    is_tried = draw_again(connection, finding.subject) or is_tried
                elif finding.code in _FROM_OBJECTS and archive is not None:
                    is_tried = _mend_object(connection, archive, finding.subject) or is_tried
                    draw_again(connection, finding.subject)
    except (DatabaseError, DataFolderError):
        pass  # what could not be mended is found again
    return is_tried


def _mend_object(connection: Connection, archive: tuple[Archive, Manifest], digest: str) -> bool:
    """Put an object's bytes and signature back from a backup; say whether one has them."""
    row = connection.execute(
        "SELECT detail FROM leaf WHERE object = ? AND kind = 'revision'", (digest,)
    ).fetchone()
    for pack in reversed(archive[1].packs):
        try:
            kept = find_object(archive[0].path / pack.file.name, digest)
        except DatabaseError:
            continue  # this pack is damaged; another may have it
        if kept is None or (row is not None and digest_of(kept.signature or b"") != row["detail"]):
            continue
        with transaction(connection):
            log.put_back_object(connection, digest, kept.kind, kept.content, kept.signature)
        return True
    return False


def _files(
    folder: DataFolder, archive: tuple[Archive, Manifest] | None, *, may_mend: bool
) -> Iterator[Finding]:
    for sha256 in _attachments(folder):
        path = blob_path(folder, sha256)
        if not os.path.lexists(path):
            found = Finding("attachment_missing", sha256, "It is not on the disk.", _FROM_BACKUP)
        elif not has_name(path, sha256):
            message = "Its bytes are not those of its name, or cannot be read."
            found = Finding("attachment_damaged", sha256, message, _FROM_BACKUP)
        else:
            continue
        yield _mend_file(folder, archive, found) if may_mend else found


def _mend_file(
    folder: DataFolder, archive: tuple[Archive, Manifest] | None, found: Finding
) -> Finding:
    sha256 = found.subject
    path = blob_path(folder, sha256)
    if archive is not None:
        try:
            copy_file(archive[0].blob(sha256), path, sha256)
        except (DataFolderError, OSError):
            pass  # the backup has no good copy either, or the disk takes none
        else:
            return replace(found, is_mended=True)
    if os.path.lexists(path):
        aside = folder.path / "damaged" / sha256
        aside.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        path.replace(aside)
        return replace(found, message=f"{found.message} It is set aside as {aside}.")
    return found


def _attachments(folder: DataFolder) -> list[str]:
    try:
        with closing(open_reader(folder.log_db)) as connection:
            rows = connection.execute("SELECT sha256 FROM attachment ORDER BY idx")
            return [row["sha256"] for row in rows]
    except DatabaseError:
        return []  # told of the log already


def _audit(folder: DataFolder, *, may_mend: bool) -> Iterator[Finding]:
    problem = _audit_problem(folder)
    if may_mend:
        mended = _make_audit_again(folder, is_damaged=bool(problem))
        if problem:
            yield Finding("audit_differs", "audit.db", problem, _AGAIN, is_mended=mended)
    elif problem:
        yield Finding("audit_differs", "audit.db", problem, _AGAIN)


def _audit_problem(folder: DataFolder) -> str:
    """Return what is wrong with the auditors' database; nothing where it is up with the log."""
    if not folder.audit_db.exists():
        return "It is not there."
    try:
        with closing(open_reader(folder.audit_db)) as connection:
            damaged = [finding.message for finding in scrub_pages(connection)]
            state = connection.execute("SELECT cursor, last_leaf FROM _projection").fetchone()
        with closing(open_reader(folder.log_db)) as connection:
            leaf = log.leaf_digest(connection, state["cursor"] - 1) if state else None
            size = log.size(connection)
    except (DatabaseError, DataFolderError) as error:
        return f"It cannot be read: {error}"
    if damaged:
        return damaged[0]
    if state is None or state["cursor"] > size or (leaf and leaf != digest_of(state["last_leaf"])):
        return "It is not drawn from this log."
    return ""


def _make_audit_again(folder: DataFolder, *, is_damaged: bool) -> bool:
    if is_damaged:
        for ending in ("", "-wal", "-shm"):
            folder.audit_db.with_name(folder.audit_db.name + ending).unlink(missing_ok=True)
    try:
        with closing(Projector(folder.log_db, folder.audit_db)) as projector:
            projector.catch_up()
    except (ServerError, DatabaseError, ValueError, TypeError):
        return False  # the log itself cannot be read
    return not _audit_problem(folder)


def _backup(archive: tuple[Archive, Manifest] | None) -> Iterator[Finding]:
    if archive is None:
        return
    hint = "Back up into a new folder, and keep this one until that is done."
    for file in check_archive(*archive):
        yield Finding("backup_damaged", file.name, "It is missing or damaged.", hint)


def _counts(folder: DataFolder) -> tuple[int, int, tuple[Gap, ...]]:
    try:
        with closing(open_reader(folder.log_db)) as connection:
            files = connection.execute("SELECT count(*) FROM attachment").fetchone()[0]
            return log.size(connection), files, tuple(gaps(connection))
    except DatabaseError:
        return 0, 0, ()

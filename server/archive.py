"""A backup's folder: its layout, and the manifest that says what belongs to it.

manifest.json   written last and whole: a backup that was cut short leaves the one before it
packs/          ranges of the log (server.packs), added to by each backup
state/          the rest of log.db
blobs/          attached files, named by their SHA-256
keys/           the server's secrets, readable by the owner alone
lock            held by the backup that is at work
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from server.config import PRIVATE_FILE, PRIVATE_FOLDER, flush_folder
from server.errors import DataFolderError
from sync.digest import format_digest
from sync.times import format_time, parse_time

VERSION = 1
_CHUNK = 1024 * 1024
_NAME_DIGITS = 12


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a backup: its place below the folder, its size, the digest of its bytes."""

    name: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack with its range of the log."""

    file: KeptFile
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What belongs to a backup, and of which log it is: `leaf` is the digest of its last leaf."""

    log: str
    schema_version: int
    made_at: datetime
    size: int
    leaf: str | None
    packs: tuple[Pack, ...]
    state: KeptFile
    keys: tuple[KeptFile, ...]
    attachments: int
    damaged: tuple[str, ...] = ()
    missing_attachments: tuple[str, ...] = ()
    version: int = VERSION


class _KeptFileSchema(Schema):
    name = fields.String(required=True, validate=validate.Regexp(r"(?!.*\.\.)[\w.-]+/[\w.-]+\Z"))
    size = fields.Integer(required=True, strict=True)
    digest = fields.String(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> KeptFile:
        return KeptFile(**data)


class _PackSchema(Schema):
    file = fields.Nested(_KeptFileSchema, required=True)
    start = fields.Integer(required=True, strict=True)
    stop = fields.Integer(required=True, strict=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Pack:
        return Pack(**data)


class _ManifestSchema(Schema):
    log = fields.String(required=True)
    schema_version = fields.Integer(required=True, strict=True)
    made_at = fields.Function(deserialize=parse_time, required=True)
    size = fields.Integer(required=True, strict=True)
    leaf = fields.String(required=True, allow_none=True)
    packs = fields.List(fields.Nested(_PackSchema), required=True)
    state = fields.Nested(_KeptFileSchema, required=True)
    keys = fields.List(fields.Nested(_KeptFileSchema), required=True)
    attachments = fields.Integer(required=True, strict=True)
    damaged = fields.List(fields.String(), required=True)
    missing_attachments = fields.List(fields.String(), required=True)
    version = fields.Integer(required=True, strict=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Manifest:
        lists = ("packs", "keys", "damaged", "missing_attachments")
        return Manifest(**{**data, **{name: tuple(data[name]) for name in lists}})


@dataclass(frozen=True, slots=True)
class Archive:
    """The places in a backup's folder."""

    path: Path

    @property
    def manifest(self) -> Path:
        """Return the place of the manifest."""
        return self.path / "manifest.json"

    @property
    def lock(self) -> Path:
        """Return the place of the lock."""
        return self.path / "lock"

    def make(self) -> None:
        """Make the folders that are missing, for the owner alone."""
        for name in (".", "packs", "state", "blobs", "keys"):
            (self.path / name).mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        flush_folder(self.path)

    def blob(self, sha256: str) -> Path:
        """Return where an attached file stands, or would."""
        return self.path / "blobs" / sha256[:2] / sha256

    def read(self) -> Manifest | None:
        """Return the manifest of the last backup that was made; None before the first.

        Raises:
            DataFolderError: it is damaged, or of a newer program.
        """
        try:
            value = json.loads(self.manifest.read_text(encoding="utf-8"))
            manifest: Manifest = _ManifestSchema().load(value)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, ValidationError) as error:
            raise DataFolderError(
                f"The manifest {self.manifest} is damaged, or of a newer program: {error}",
                code="bad_backup",
                hint="Use another backup, or update the program.",
            ) from error
        return manifest

    def write(self, manifest: Manifest) -> None:
        """Make a manifest the one that counts; durable when this returns."""
        value = asdict(manifest) | {"made_at": format_time(manifest.made_at)}
        part = self.manifest.with_name("manifest.json.part")
        part.unlink(missing_ok=True)
        with open_private(part) as file:
            file.write(json.dumps(value, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.manifest)
        flush_folder(self.path)

    def keep(self, part: Path, name: str, ending: str) -> KeptFile:
        """Give a file that was just written its name for good, with its digest in it.

        So no file that an older manifest names is ever written over.
        """
        size, digest = measure_file(part)
        path = part.with_name(f"{name}-{digest[-_NAME_DIGITS:]}{ending}")
        part.replace(path)
        flush_folder(path.parent)
        return KeptFile(path.relative_to(self.path).as_posix(), size, digest)

    def is_whole(self, file: KeptFile) -> bool:
        """Say whether a file is on the disk as the manifest has it."""
        try:
            return measure_file(self.path / file.name) == (file.size, file.digest)
        except OSError:
            return False


def open_private(path: Path) -> Any:
    """Open a new file that only its owner can read, for writing bytes."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb")


def measure_file(path: Path) -> tuple[int, str]:
    """Return the size of a file and the digest of its bytes."""
    found, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
            size += len(chunk)
    return size, format_digest(found.digest())


def has_name(path: Path, sha256: str) -> bool:
    """Say whether a file can be read, and its bytes are those of a name."""
    try:
        return measure_file(path)[1] == format_digest(bytes.fromhex(sha256))
    except OSError:
        return False


def copy_file(source: Path, target: Path, sha256: str) -> int:
    """Copy a file if its bytes are those of a name, durable when this returns; return its size.

    Raises:
        DataFolderError: it is not there, cannot be read, or its bytes are others; or the copy does
            not read back. Nothing is left behind.
        OSError: the copy cannot be written.
    """
    target.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with open_private(part) as writing:
            for chunk in _read(source):
                writing.write(chunk)
            writing.flush()
            os.fsync(writing.fileno())
            _leave_memory(writing.fileno())
        if not has_name(part, sha256):
            raise DataFolderError(
                f"The bytes of {source} are not those of its name, or the copy does not read back.",
                code="damaged",
            )
        size = part.stat().st_size
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    for folder in (target.parent, target.parent.parent):
        flush_folder(folder)
    return size


def _read(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as reading:
            while chunk := reading.read(_CHUNK):
                yield chunk
    except FileNotFoundError:
        raise DataFolderError(f"The file {source} is missing.", code="damaged") from None
    except OSError as error:
        raise DataFolderError(
            f"The file {source} cannot be read: {error}", code="damaged"
        ) from error


def _leave_memory(descriptor: int) -> None:
    """Have what was flushed read back from the disk, and not from memory, as far as that goes."""
    with suppress(OSError):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

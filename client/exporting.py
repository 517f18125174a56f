"""What waits on this device as a bundle: the way out where there is no network.

* It holds every revision that is not delivered, what the server refused for good included, and every
file of theirs that the server has not signed for; on request, everything held.
* Nothing changes its state by being exported: a stick may be lost. `exported_at` says when a
revision was last in a copy that was read back; a download of the page, which nobody reads back, does
not count as one.
* What the disk has changed is left out and told: one bad photo keeps nothing else here.
* A copy never replaces anything but an earlier bundle of this device, and never lies in the home.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.blobs import Blobs
from client.bundle_nonce import bundle_nonce
from client.clock import Clock
from client.config import Home
from client.copying import copy_out, require_space
from client.db import Database
from client.device import Device
from client.drafts import Drafts
from client.durable import storage_errors
from client.errors import ClientError, InputError, NotFoundError, StorageError
from client.profile import require_profile
from sync.bundle import (
    CHUNK_BYTES,
    FileChunk,
    bundle_name,
    chunk_frame,
    contents_digest,
    peek_header,
    write_bundle,
)
from sync.bundle_messages import BundleHeader
from sync.content_kind import ENOUGH, describe_content
from sync.digest import is_named
from sync.frames import Frame, FrameKind, make_frame
from sync.times import format_time

Json = dict[str, Any]

_WAITING_FILES = (
    "EXISTS (SELECT 1 FROM attachment_use AS u JOIN attachment AS a USING (sha256) "
    "WHERE u.revision = r.digest AND a.acknowledged_at IS NULL)"
)
_UNDELIVERED = (
    "(r.state = 'set_aside' OR (r.state IN ('saved', 'quarantined') "
    f"AND (r.server_state IS NULL OR (r.server_state <> 'refused' AND {_WAITING_FILES}))))"
)
_UNDELIVERED_FILES = f"{_UNDELIVERED} AND a.acknowledged_at IS NULL"
_EVERYTHING = "TRUE"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes into a bundle; `left_out` tells what the disk no longer gives back."""

    header: BundleHeader
    revisions: tuple[str, ...]
    files: tuple[tuple[str, int], ...]
    entries: int
    left_out: tuple[Json, ...]

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to carry."""
        return not self.revisions and not self.files

    @property
    def name(self) -> str:
        """Return what a copy is called where nobody gave it a name."""
        return f"tianbao-{self.header.made_at:%Y%m%d-%H%M%S}.bundle"


class Exporter:
    """Makes bundles of what is on this device."""

    def __init__(
        self, home: Home, db: Database, device: Device, blobs: Blobs, clock: Clock
    ) -> None:
        self._home = home
        self._db = db
        self._device = device
        self._blobs = blobs
        self._clock = clock

    def export(self, path: Path, *, is_all: bool) -> Json:
        """Copy a bundle to a path and say what is in it; `path` is None where nothing waits.

        Raises:
            EnrolmentError: the device is not enrolled.
            InputError: no bundle may stand there.
            StorageError: it could not be copied.
        """
        replaced = self._check_place(path)
        bundle = self.prepare(is_all=is_all)
        size = 0
        if not bundle.is_empty:
            require_space(path, bundle.header.size)
            size = copy_out(path, self.content(bundle))
            self._note(bundle)
        return {
            "path": None if bundle.is_empty else str(path),
            "bundle": None if bundle.is_empty else bundle_name(bundle.header),
            "entries": bundle.entries,
            "revisions": len(bundle.revisions),
            "files": len(bundle.files),
            "size": size,
            "replaced": replaced and not bundle.is_empty,
            "left_out": list(bundle.left_out),
            "drafts": Drafts(self._db).count(),
        }

    def prepare(self, *, is_all: bool) -> Bundle:
        """Return what goes into a bundle made now, everything of it read and found intact.

        Raises:
            EnrolmentError: the device is not enrolled.
        """
        log, left_out = require_profile(self._db).log, list[Json]()
        revisions, size = self._revisions(is_all, left_out)
        files = self._files(is_all, left_out)
        header = BundleHeader(
            log=log,
            device=self._device.key.id,
            incarnation=self._device.incarnation,
            nonce=bundle_nonce(self._db, self._device),
            made_at=self._clock.now(),
            revisions=len(revisions),
            files=len(files),
            size=size + sum(size for _, size in files),
            contents=contents_digest(revisions, (sha256 for sha256, _ in files)),
        )
        entries = len(set(revisions.values()))
        return Bundle(header, tuple(revisions), tuple(files), entries, tuple(left_out))

    def content(self, bundle: Bundle) -> Iterator[bytes]:
        """Yield the bytes of a bundle, a frame at a time.

        Raises:
            StorageError: something has changed since it was prepared.
        """
        return write_bundle(bundle.header, self._frames(bundle))

    def _revisions(self, is_all: bool, left_out: list[Json]) -> tuple[dict[str, str], int]:
        """Return the digests with their entries, oldest first, and how many bytes they have."""
        rows = self._db.rows(
            "SELECT r.digest, r.entry FROM revision AS r WHERE r.pruned_at IS NULL "  # noqa: S608 - constants of this module
            f"AND {_EVERYTHING if is_all else _UNDELIVERED} ORDER BY r.id"
        )
        chosen, size = {}, 0
        for row in rows:
            frame = self._revision(row["digest"])
            if frame is None:
                left_out.append({"revision": row["digest"], "code": "damaged_entry"})
            else:
                chosen[row["digest"]] = row["entry"]
                size += len(frame.payload)
        return chosen, size

    def _files(self, is_all: bool, left_out: list[Json]) -> list[tuple[str, int]]:
        rows = self._db.rows(
            "SELECT a.sha256, a.size, a.acknowledged_at, min(r.id) AS first FROM attachment AS a "  # noqa: S608 - constants of this module
            "JOIN attachment_use AS u USING (sha256) JOIN revision AS r ON r.digest = u.revision "
            f"WHERE r.pruned_at IS NULL AND {_EVERYTHING if is_all else _UNDELIVERED_FILES} "
            "GROUP BY a.sha256 ORDER BY first"
        )
        chosen = []
        for row in rows:
            try:
                self._blobs.verify(row["sha256"], row["size"])
            except ClientError as error:
                if (
                    row["acknowledged_at"] is None
                ):  # else it may have been pruned: the server has it
                    left_out.append({"file": row["sha256"], "code": error.code})
            else:
                chosen.append((row["sha256"], row["size"]))
        return chosen

    def _frames(self, bundle: Bundle) -> Iterator[Frame]:
        for digest in bundle.revisions:
            frame = self._revision(digest)
            if frame is None:
                raise _changed_meanwhile()
            yield frame
        for sha256, size in bundle.files:
            yield from self._chunks(sha256, size)

    def _revision(self, digest: str) -> Frame | None:
        row = self._db.row("SELECT content, signature FROM revision WHERE digest = ?", (digest,))
        if row is None or not is_named(row["content"], digest):
            return None
        return make_frame(FrameKind.REVISION, row["content"], row["signature"])

    def _chunks(self, sha256: str, size: int) -> Iterator[Frame]:
        found, offset, path = hashlib.sha256(), 0, self._blobs.path(sha256)
        with storage_errors(path), path.open("rb") as file:
            while offset < size or not offset:
                content = file.read(CHUNK_BYTES)
                found.update(content)
                yield chunk_frame(FileChunk(sha256, offset, content))
                offset += len(content)
                if not content:
                    break
        if found.hexdigest() != sha256:
            raise _changed_meanwhile()

    def _note(self, bundle: Bundle) -> None:
        now = format_time(self._clock.now())
        with self._db.transaction():
            for digest in bundle.revisions:
                self._db.write(
                    "UPDATE revision SET exported_at = ? WHERE digest = ?", (now, digest)
                )

    def _check_place(self, path: Path) -> bool:
        """Refuse a path where no bundle may stand; say whether an earlier one stands there."""
        with storage_errors(path):
            if not path.parent.is_dir():
                raise NotFoundError(f"There is no folder {path.parent}.", code="no_folder")
            if path.resolve().is_relative_to(self._home.path.resolve()):
                raise InputError(
                    f"{path} lies in the home of this device, which is no other place.",
                    code="export_place",
                    hint="Name a file on a stick, or in a folder that you can carry away.",
                )
            if not path.exists():
                return False
            if not path.is_file():
                raise _taken(path, "no file")
            with path.open("rb") as file:
                beginning = file.read(ENOUGH)
        header = peek_header(beginning)
        if header is None or header.device != self._device.key.id:
            raise _taken(path, describe_content(beginning) + ", not made by this device")
        return True


def _taken(path: Path, what: str) -> InputError:
    return InputError(
        f"{path} is there already, and is {what}; it was left alone.",
        code="export_place",
        hint="Choose another name, or move the file away first.",
    )


def _changed_meanwhile() -> StorageError:
    return StorageError(
        "Something was changed on the disk while it was exported.",
        code="damaged",
        hint="Check the disk, then export again.",
    )

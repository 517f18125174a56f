"""The answer to a bundle as a file, for the device that made it.

It is signed part by part with the answer key, written beside, flushed, named, and read back. It
replaces an earlier answer, and nothing else.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from server.blobs import storage_error
from server.config import PRIVATE_FILE, DataFolder, flush_folder
from server.errors import ConflictError, StorageError, UnknownError
from server.services import Services
from sync.bundle import bundle_name
from sync.bundle_messages import BundleAnswer, BundleHeader, CompleteFile, sign_bundle_answer
from sync.content_kind import ENOUGH, describe_content
from sync.frames import format_frame
from sync.messages import ItemResult

_RESULTS = 100
_FILES = 1000
_PARTIAL = ".tianbao-part"  # nobody else calls a file so: one that a crash left is written over


@dataclass(frozen=True, slots=True)
class Said:
    """What there is to say of a bundle."""

    results: Sequence[ItemResult]
    files: Sequence[CompleteFile]


def check_place(folder: DataFolder, path: Path) -> None:
    """Refuse a path where no answer may stand.

    Raises:
        UnknownError: there is no such folder.
        ConflictError: something else stands there, or it lies in the data folder.
        StorageError: it cannot be read.
    """
    if not path.parent.is_dir():
        raise UnknownError(f"There is no folder {path.parent}.", code="no_folder")
    if path.resolve().is_relative_to(folder.path.resolve()):
        raise ConflictError(
            f"{path} lies in the data folder.",
            code="answer_place",
            hint="Name a file on the stick that the bundle came on.",
        )
    if not path.exists():
        return
    what = "no file"
    if path.is_file():
        what = describe_content(_beginning(path))
    if what != "an answer of the server":
        raise ConflictError(
            f"{path} is there already, and is {what}; it was left alone.",
            code="answer_place",
            hint="Choose another name for the answer.",
        )


def write_answer(services: Services, path: Path, header: BundleHeader, said: Said) -> None:
    """Sign an answer and write it for good.

    Raises:
        StorageError: it could not be written, or does not read back.
    """
    content = b"".join(_frames(services, header, said))
    partial = path.with_name(path.name + _PARTIAL)
    try:
        partial.unlink(missing_ok=True)
        try:
            _write(partial, content)
            partial.replace(path)
            flush_folder(path.parent)
        finally:
            partial.unlink(missing_ok=True)
        is_whole = path.read_bytes() == content
    except OSError as error:
        raise storage_error(error) from error
    if not is_whole:
        raise StorageError(
            f"{path} does not read back as it was written.", hint="Use another stick."
        )


def _frames(services: Services, header: BundleHeader, said: Said) -> Iterator[bytes]:
    now, size, name = services.clock(), services.log_size(), bundle_name(header)
    parts = list(
        zip_longest(_parted(said.results, _RESULTS), _parted(said.files, _FILES), fillvalue=())
    ) or [((), ())]
    for number, (results, files) in enumerate(parts):
        answer = BundleAnswer(
            bundle=name,
            device=header.device,
            nonce=header.nonce,
            log=services.log,
            time=now,
            log_size=size,
            part=number,
            is_last=number == len(parts) - 1,
            results=tuple(results),
            files=tuple(files),
        )
        yield format_frame(sign_bundle_answer(answer, services.keys.answer))


def _parted(items: Sequence[ItemResult] | Sequence[CompleteFile], size: int) -> list[Sequence[Any]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(ENOUGH)
    except OSError as error:
        raise storage_error(error) from error


def _write(partial: Path, content: bytes) -> None:
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

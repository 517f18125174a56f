"""A bundle that was carried here, taken in like a push.

* Each revision goes by its own signature: who carries it needs no enrolment, and changes nothing.
* Again changes nothing: what is in the log keeps its index.
* A damaged bundle yields every intact frame; what is wrong with it is told.
* A signature can be changed on the way without changing a digest. So the answer never says that a
device's revision is refused for good because of its signature: it is asked for again.
* Memory does not grow with the files in it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from server.blobs import storage_error
from server.bundle_answers import Said, check_place, write_answer
from server.carried_files import CarriedFiles
from server.errors import ConflictError, RequestError
from server.room import require_room
from server.services import Services
from sync.bundle import BundlePart, FileChunk, Flaw, bundle_name, read_bundle
from sync.bundle_messages import BundleHeader, CompleteFile
from sync.content_kind import ENOUGH, describe_content
from sync.frames import Frame
from sync.messages import ItemResult, ItemState
from sync.revision import parse_revision
from sync.times import format_time

Json = dict[str, Any]

_BATCH = 100
_BATCH_BYTES = 8 * 1024 * 1024
_TOLD = 200  # how many flaws, refusals and missing files are told one by one
_CHUNK = 1024 * 1024


@dataclass(slots=True)
class _Course:
    """What was found in a bundle so far."""

    header: BundleHeader | None = None
    results: list[ItemResult] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    waiting: list[Frame] = field(default_factory=list)
    waiting_bytes: int = 0
    named: dict[str, None] = field(default_factory=dict)  # files, in the order they are named
    told: dict[str, None] = field(default_factory=dict)  # those that the device may be told of
    parts: int = 0


def import_bundle(services: Services, path: Path, answer: Path | None) -> Json:
    """Take a bundle in, write the answer if it is asked for, and return what came of it.

    Raises:
        RequestError: it is no bundle.
        ConflictError: it is a bundle for another server, or the answer has no place.
        StorageError: it cannot be read, or not be stored; it may be imported again.
    """
    if answer is not None:
        check_place(services.folder, answer)
    before = services.log_size()
    course, files = _Course(), CarriedFiles(services)
    for part in read_bundle(_chunks(path)):
        _take(services, course, files, part)
    _push(services, course)
    files.finish()
    if course.header is None and not course.parts:
        raise _no_bundle(path)
    missing = files.look_for(course.named)
    written = answer is not None and course.header is not None
    if answer is not None and course.header is not None:
        complete = [
            CompleteFile(sha256, files.complete[sha256].index)
            for sha256 in course.told
            if sha256 in files.complete
        ]
        write_answer(services, answer, course.header, Said(course.results, complete))
    return {
        **_report(course, before),
        "files": len(course.named) - len(missing),
        "missing": [
            {"sha256": sha256, "code": files.trouble.get(sha256, "not_in_bundle")}
            for sha256 in missing[:_TOLD]
        ],
        "missing_count": len(missing),
        "strange": [sha256 for sha256 in files.trouble if sha256 not in course.named][:_TOLD],
        "log_size": services.log_size(),
        "answer": str(answer) if written else None,
    }


def _take(services: Services, course: _Course, files: CarriedFiles, part: BundlePart) -> None:
    match part:
        case BundleHeader():
            if part.log != services.log and not course.parts:
                raise _other_log(part, services.log)
            course.header = part
        case Flaw():
            course.flaws.append(part)
        case Frame():
            course.parts += 1
            course.waiting.append(part)
            course.waiting_bytes += len(part.payload)
            if len(course.waiting) == _BATCH or course.waiting_bytes >= _BATCH_BYTES:
                _push(services, course)
        case FileChunk():
            course.parts += 1
            _push(services, course)
            files.take(part)


def _push(services: Services, course: _Course) -> None:
    frames, course.waiting, course.waiting_bytes = course.waiting, [], 0
    if not frames:
        return
    require_room(services.folder, for_blobs=False)
    outcome = services.ingest.push(frames)
    for frame, result in zip(frames, outcome.results, strict=True):
        course.results.append(_as_carried(result))
        if result.state is not ItemState.REFUSED:
            names = [item.sha256 for item in parse_revision(frame.payload).attachments]
            course.named.update(dict.fromkeys(names))
            # Whether a file is here is the business of those whose entries name it.
            if result.code != "author_unknown":
                course.told.update(dict.fromkeys(names))


def _as_carried(result: ItemResult) -> ItemResult:
    if result.state is ItemState.REFUSED and result.code == "bad_signature":
        return replace(result, temporary=True)
    return result


def _report(course: _Course, before: int) -> Json:
    header, results = course.header, course.results
    counts = Counter(result.state for result in results)
    refused = [result for result in results if result.state is ItemState.REFUSED]
    return {
        "bundle": None if header is None else bundle_name(header),
        "device": None if header is None else header.device,
        "made_at": None if header is None else format_time(header.made_at),
        "revisions": len(results),
        **{state.value: counts[state] for state in ItemState},
        "known": sum(result.index is not None and result.index < before for result in results),
        "refusals": [
            {"digest": result.digest, "code": result.code, "message": result.message}
            for result in refused[:_TOLD]
        ],
        "is_whole": not course.flaws,
        "flaws": [asdict(flaw) for flaw in course.flaws[:_TOLD]],
        "flaw_count": len(course.flaws),
    }


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> RequestError:
    return RequestError(
        f"{path} cannot be read: {error.strerror or error}.",
        code="unreadable",
        hint="The account that runs the server has to be allowed to read it. "
        "What was read until then is in the log; importing again doubles nothing.",
    )


def _no_bundle(path: Path) -> RequestError:
    try:
        with path.open("rb") as file:
            what = describe_content(file.read(ENOUGH))
    except OSError as error:
        raise storage_error(error) from error
    hint = "Give the file that was made on the device with: tianbao export FILE."
    if what == "an answer of the server":
        hint = "An answer goes to the device: tianbao import FILE."
    return RequestError(
        f"{path} is no bundle, but {what}; nothing was changed.", code="not_a_bundle", hint=hint
    )


def _other_log(header: BundleHeader, log: str) -> ConflictError:
    return ConflictError(
        f"This bundle was made for {header.log}, and this server keeps {log}; nothing was changed.",
        code="other_log",
        hint="Import it on the server that the device is enrolled with.",
    )

"""A bundle that was carried here, taken in like a push.

* Each revision goes by its own signature: who carries it needs no enrolment, and changes nothing.
* Again changes nothing: what is in the log keeps its index.
* A damaged bundle yields every intact frame; what is wrong with it is told.
* A signature can be changed on the way without changing a digest. So the answer never says that a
device's revision is refused for good because of its signature: it is asked for again.
* A medium that fails at one place gives all the rest (`server.bad_media`).
* Memory does not grow with the files in it, nor with what is wrong with it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from server.bad_media import Medium
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
_MOST_REFUSALS = 10_000  # refused revisions that the answer names; the device asks again for others


@dataclass(slots=True)
class _Course:
    """What was found in a bundle so far."""

    before: int  # how many leaves the log had
    header: BundleHeader | None = None
    results: list[ItemResult] = field(default_factory=list)
    counts: Counter[ItemState] = field(default_factory=Counter)
    known: int = 0
    flaws: list[Flaw] = field(default_factory=list)  # the first ones
    flaw_count: int = 0
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
    course, files, medium = _Course(services.log_size()), CarriedFiles(services), Medium(path)
    for part in read_bundle(_chunks(path, medium)):
        _take(services, course, files, part)
    _push(services, course)
    files.finish()
    if course.header is None and not course.parts:
        raise _unreadable(path, medium.error) if medium.error else _no_bundle(path)
    written = None
    if answer is not None and course.header is not None:
        write_answer(services, answer, course.header, _said(course, files))
        written = str(answer)
    return {
        **_report(course, medium),
        **_report_files(course, files),
        "log_size": services.log_size(),
        "answer": written,
    }


def _said(course: _Course, files: CarriedFiles) -> Said:
    missing = set(files.look_for(course.told))
    complete = [
        CompleteFile(sha256, files.complete[sha256].index)
        for sha256 in course.told
        if sha256 not in missing
    ]
    return Said(course.results, complete)


def _take(services: Services, course: _Course, files: CarriedFiles, part: BundlePart) -> None:
    match part:
        case BundleHeader():
            if part.log != services.log and not course.parts:
                raise _other_log(part, services.log)
            course.header = part
        case Flaw():
            course.flaw_count += 1
            if len(course.flaws) < _TOLD:
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
        _note(course, _as_carried(result))
        if result.state is not ItemState.REFUSED:
            names = [item.sha256 for item in parse_revision(frame.payload).attachments]
            course.named.update(dict.fromkeys(names))
            # Whether a file is here is the business of those whose entries name it.
            if result.code != "author_unknown":
                course.told.update(dict.fromkeys(names))


def _note(course: _Course, result: ItemResult) -> None:
    course.counts[result.state] += 1
    course.known += result.index is not None and result.index < course.before
    is_refused = result.state is ItemState.REFUSED
    if not is_refused or course.counts[ItemState.REFUSED] <= _MOST_REFUSALS:
        course.results.append(result)


def _as_carried(result: ItemResult) -> ItemResult:
    if result.state is ItemState.REFUSED and result.code == "bad_signature":
        return replace(result, temporary=True)
    return result


def _report(course: _Course, medium: Medium) -> Json:
    header, results = course.header, course.results
    refused = [result for result in results if result.state is ItemState.REFUSED]
    return {
        "bundle": None if header is None else bundle_name(header),
        "device": None if header is None else header.device,
        "made_at": None if header is None else format_time(header.made_at),
        "revisions": course.counts.total(),
        **{state.value: course.counts[state] for state in ItemState},
        "known": course.known,
        "refusals": [
            {"digest": result.digest, "code": result.code, "message": result.message}
            for result in refused[:_TOLD]
        ],
        "is_whole": not course.flaw_count,
        "flaws": [asdict(flaw) for flaw in course.flaws],
        "flaw_count": course.flaw_count,
        "unreadable_bytes": medium.lost,
    }


def _report_files(course: _Course, files: CarriedFiles) -> Json:
    missing = files.look_for(course.named)
    return {
        "files": len(course.named) - len(missing),
        "missing": [
            {"sha256": sha256, "code": files.trouble.get(sha256, "not_in_bundle")}
            for sha256 in missing[:_TOLD]
        ],
        "missing_count": len(missing),
        "strange": [sha256 for sha256 in files.trouble if sha256 not in course.named][:_TOLD],
    }


def _chunks(path: Path, medium: Medium) -> Iterator[bytes]:
    try:
        yield from medium.chunks()
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
        raise _unreadable(path, error) from error
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

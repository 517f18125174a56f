"""Looks at one arriving revision: are the bytes sound, who made it, does it keep the form's rules?

Runs outside the writer's thread, and touches nothing. In this order:
 1. digest, size, canonical form, shape, log → refused;
 2. the author's device is unknown → quarantined, for then nobody can check the signature;
 3. the signature → refused;
 4. `judge`: revoked, member, version, definition, rules → quarantined, held or logged.

The rules are checked with the form engine at the revision's own time and zone, so that the same
revision is judged the same at any time.
"""

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from forms.compiled import CompiledForm
from forms.environment import Environment
from forms.validation import check_answers
from server.members import Device
from server.verdict import (
    LOGGED,
    MAX_VIOLATIONS,
    Verdict,
    held,
    later,
    quarantined,
    refusal,
    violation,
)
from sync.errors import MessageError, SignatureError, VersionError
from sync.frames import MAX_REVISION, Frame, FrameKind
from sync.keys import REVISION_TYPE, verify
from sync.messages import ItemResult
from sync.revision import REVISION_VERSION, Revision, parse_revision

FindDevice = Callable[[str], Device | None]
FindForm = Callable[[str], CompiledForm | None]

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A revision whose bytes are sound, with what is thought of it so far."""

    digest: str
    content: bytes
    signature: bytes
    revision: Revision
    device: Device | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Checks:
    """What is needed to look at a revision: which log this is, its devices and forms."""

    log: str
    find_device: FindDevice
    find_form: FindForm

    def examine(self, frame: Frame) -> Arrival | ItemResult:
        """Return the arrival, or why it is refused; never raises for what a sender can do."""
        refused = _refuse_frame(frame)
        if refused is not None:
            return refused
        try:
            revision = parse_revision(frame.payload)
        except VersionError as error:
            return later(frame.digest, error.code, error.message)
        except MessageError as error:
            return refusal(frame.digest, error.code, error.message)
        if revision.log != self.log:
            return refusal(frame.digest, "other_log")
        return self._examine_author(frame, revision)

    def _examine_author(self, frame: Frame, revision: Revision) -> Arrival | ItemResult:
        device = self.find_device(revision.device)
        if device is None:
            verdict = quarantined("author_unknown")
        else:
            try:
                verify(device.public_key, REVISION_TYPE, frame.payload, frame.signature)
            except SignatureError as error:
                return refusal(frame.digest, error.code, error.message)
            verdict = judge(revision, device, self.find_form)
        return Arrival(frame.digest, frame.payload, frame.signature, revision, device, verdict)


def judge(revision: Revision, device: Device, find_form: FindForm) -> Verdict:
    """Return the verdict on a revision whose signature fits its device."""
    if device.is_revoked:
        return quarantined("author_revoked")
    if revision.author != device.member:
        return quarantined("member_mismatch")
    if revision.version > REVISION_VERSION:
        return held("newer_version")
    form = find_form(revision.definition)
    if form is None:
        return held("definition_unknown")
    if form.form.form_id != revision.form:
        return quarantined("form_mismatch")
    is_void = revision.operation == "void"
    return _check_void(revision) if is_void else _check_rules(revision, device, form)


def properties_of(device: Device) -> Mapping[str, str]:
    """Return what `property()` gives in an expression; a client gives the same."""
    return {
        "unit_code": device.unit,
        "unit_name": device.unit_name,
        "member_id": device.member,
        "member_name": device.member_name,
        "username": device.member_name,
        "role": device.role,
        "deviceid": device.id,
    }


def _refuse_frame(frame: Frame) -> ItemResult | None:
    if frame.kind is not FrameKind.REVISION:
        return refusal(frame.digest, "malformed", "Only revisions can be pushed.")
    if len(frame.payload) > MAX_REVISION:
        return refusal(frame.digest, "too_large")
    if not frame.is_intact:
        return refusal(frame.digest, "bad_digest")
    return None


def _check_void(revision: Revision) -> Verdict:
    """Return the verdict on a revision that takes an entry back: it fills in nothing."""
    if not revision.answers and not revision.reasons:
        return LOGGED
    return quarantined("rules", [violation("", "void", "A void revision has no answers.")])


def _check_rules(revision: Revision, device: Device, form: CompiledForm) -> Verdict:
    try:
        environment = _environment(revision, device)
        found = check_answers(form, environment, revision.answers, revision.reasons)
    except Exception:
        # Whatever an answer does to the engine, it must neither be lost nor stop its neighbours.
        _LOGGER.exception("The rules of %s could not be checked.", revision.definition)
        return quarantined("unchecked")
    if not found:
        return LOGGED
    shown = found[:MAX_VIOLATIONS]
    return quarantined("rules", [violation(item.path, item.code, item.message) for item in shown])


def _environment(revision: Revision, device: Device) -> Environment:
    moment = revision.made_at.local
    return Environment(
        now=lambda: moment,
        properties=properties_of(device),
        uuid=lambda: str(uuid.uuid4()),
        row_id=lambda: uuid.uuid4().hex[:16],
        own_entries=_no_entries,
        trusts_own_entries=False,
    )


def _no_entries(_: str) -> Sequence[Mapping[str, str]]:
    return ()

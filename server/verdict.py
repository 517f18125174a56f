"""What becomes of a revision, as a value, and the words that go with each code.

States and codes are listed in `server/README.md`; the code is the contract.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sync.messages import ItemResult, ItemState, RuleViolation

MAX_VIOLATIONS = 16
_PATH_LENGTH = 200
_MESSAGE_LENGTH = 300

MESSAGES = {
    "author_unknown": "The device that made this is not enrolled here.",
    "author_revoked": "The device that made this is revoked.",
    "member_mismatch": "The device belongs to another member than the author it names.",
    "form_mismatch": "The definition, or the entry, is one of another form.",
    "entry_of_other_unit": "The entry belongs to another unit.",
    "form_closed": "The organiser has closed the form.",
    "rules": "Rules of the form are broken.",
    "unchecked": "The rules of the form could not be checked.",
    "definition_unknown": "The form's definition is not published here yet.",
    "newer_version": "A newer program made this; it is decided once the server is updated.",
    "bad_digest": "The bytes are not those that were sent.",
    "too_large": "A revision has at most 1 MiB.",
    "other_log": "This was made for another server.",
    "not_stored": "This could not be stored now; send it again.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a revision that is stored, with the code of the reason."""

    state: ItemState
    code: str | None = None
    violations: tuple[RuleViolation, ...] = ()

    @property
    def is_held(self) -> bool:
        """Say whether the revision waits to be decided."""
        return self.state is ItemState.HELD


LOGGED = Verdict(ItemState.LOGGED)


def held(code: str) -> Verdict:
    """Return the verdict on what cannot be decided yet."""
    return Verdict(ItemState.HELD, code)


def quarantined(code: str, violations: Iterable[RuleViolation] = ()) -> Verdict:
    """Return the verdict on what is kept for the organiser to look at."""
    return Verdict(ItemState.QUARANTINED, code, tuple(violations))


def refusal(digest: str, code: str, message: str | None = None) -> ItemResult:
    """Return the result of an item that is not stored, and never will be."""
    text = MESSAGES[code] if message is None else message[:_MESSAGE_LENGTH]
    return ItemResult(digest, ItemState.REFUSED, code=code, message=text)


def not_stored(digest: str) -> ItemResult:
    """Return the result of an item that could not be stored this time."""
    return later(digest, "not_stored", MESSAGES["not_stored"])


def later(digest: str, code: str, message: str) -> ItemResult:
    """Return the result of an item that is not stored yet: the device keeps it, and asks again."""
    return ItemResult(
        digest, ItemState.REFUSED, code=code, message=message[:_MESSAGE_LENGTH], temporary=True
    )


def result(digest: str, index: int, verdict: Verdict) -> ItemResult:
    """Return what a device is told of a stored revision."""
    return ItemResult(
        digest,
        verdict.state,
        index,
        verdict.code,
        None if verdict.code is None else MESSAGES.get(verdict.code),
        verdict.violations,
    )


def violation(path: str, code: str, message: str) -> RuleViolation:
    """Return a violation, cut so that many of them still fit into one answer."""
    return RuleViolation(path[:_PATH_LENGTH], code, message[:_MESSAGE_LENGTH])


def format_violations(violations: Sequence[RuleViolation]) -> str:
    """Return the JSON text in which violations are stored."""
    if not violations:
        return "[]"
    return json.dumps(
        [{"path": item.path, "code": item.code, "message": item.message} for item in violations],
        ensure_ascii=False,
    )


def parse_violations(text: str) -> tuple[RuleViolation, ...]:
    """Return the violations of `format_violations`' text."""
    if text == "[]":
        return ()
    return tuple(RuleViolation(**item) for item in json.loads(text))

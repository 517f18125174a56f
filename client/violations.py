"""Broken rules as JSON, the same for the page, the command line and another process."""

from collections.abc import Iterable

from forms.violation import Violation


def format_violations(violations: Iterable[Violation]) -> list[dict[str, str]]:
    """Write violations as JSON."""
    return [{"path": each.path, "code": each.code, "message": each.message} for each in violations]

"""Instance paths: where an answer stands among the answers.

`contests[9f3a]/project` is a question in a row, `contests[9f3a]` the row, `contests` the repeat,
`head/unit_name` a question in a group. Without the row ids it is a definition path.
- `parse_path` and `format_path` are each other's inverse.
- A row id is 1 to 64 letters, digits, `_` or `-`, so that it never needs quoting. One that was
  generated is 16 hexadecimal digits.
"""

import re
from dataclasses import dataclass

from forms.errors import AnswerError

ROW_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
GENERATED_ROW_ID = re.compile(r"[0-9a-f]{16}")
_STEP = re.compile(r"([^\W\d][\w.-]*)(?:\[([A-Za-z0-9_-]{1,64})\])?")
_ROW = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a name, and the id of the row where the step enters one."""

    name: str
    row: str | None = None


def parse_path(text: str) -> tuple[Step, ...]:
    """Read an instance path.

    Raises:
        AnswerError: the text is no path.
    """
    steps = []
    for part in text.split("/"):
        match = _STEP.fullmatch(part)
        if match is None:
            raise AnswerError(
                f"“{text}” is no path of an answer.",
                path=text,
                code="unknown_path",
                hint="Write it as in contests[9f3a]/project.",
            )
        steps.append(Step(match[1], match[2]))
    return tuple(steps)


def format_path(steps: tuple[Step, ...]) -> str:
    """Write an instance path."""
    return "/".join(step.name if step.row is None else f"{step.name}[{step.row}]" for step in steps)


def definition_path(instance_path: str) -> str:
    """Return the path in the definition that an instance path belongs to."""
    return _ROW.sub("", instance_path)

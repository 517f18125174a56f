"""What a form is: one published version of its definition, as plain data.

The words are XLSForm's. Expressions stand here as they were written; `forms.compiled` turns them
into closures. Nothing here checks anything: `forms.catalogue` does, and it alone makes a `Form`.

A *definition path* names a place in the form: `contests/project`. (An *instance path* names a
place in the answers, with the row's id: `contests[9f3a]/project`; see `forms.paths`.)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Text: TypeAlias = Mapping[str, str]
"""A text by language; a text given without a language stands under the empty string."""

SELECT_TYPES = frozenset({"select_one", "select_multiple"})
ATTACHMENT_TYPES = frozenset({"image", "audio", "video", "file"})
METADATA_TYPES = frozenset({"start", "end", "today", "deviceid", "username"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a list; `columns` are its further columns, for choice filters."""

    name: str
    label: Text
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnEntries:
    """A list drawn from the rows that the unit's own entries hold: `instances` of a definition.

    The item of a row is named by the row's `_row` id; its label joins the questions in `label`.
    """

    name: str
    forms: tuple[str, ...]
    repeat: str
    label: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question: a leaf of the form. Absent expressions are None.

    `required` and `read_only` are expressions too (`true()` where the definition says true).
    `list_name` is set for selects only and names a list in `Form.choices` or `Form.instances`.
    `source` is the JSON path of the question in the definition, for error messages.
    """

    type: str
    name: str
    path: str
    source: str
    label: Text = field(default_factory=dict)
    hint: Text = field(default_factory=dict)
    guidance_hint: Text = field(default_factory=dict)
    list_name: str | None = None
    choice_filter: str | None = None
    default: str | None = None
    required: str | None = None
    required_message: Text = field(default_factory=dict)
    relevant: str | None = None
    constraint: str | None = None
    constraint_message: Text = field(default_factory=dict)
    soft_constraint: str | None = None
    soft_constraint_message: Text = field(default_factory=dict)
    calculation: str | None = None
    read_only: str | None = None
    appearance: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that stand together; a `Repeat` is a group that may stand several times."""

    name: str
    path: str
    source: str
    label: Text = field(default_factory=dict)
    hint: Text = field(default_factory=dict)
    relevant: str | None = None
    read_only: str | None = None
    appearance: tuple[str, ...] = ()
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """Rows of the same questions, each with a random `_row` id that never changes."""

    name: str
    path: str
    source: str
    label: Text = field(default_factory=dict)
    hint: Text = field(default_factory=dict)
    relevant: str | None = None
    read_only: str | None = None
    appearance: tuple[str, ...] = ()
    children: tuple["Node", ...] = ()
    min_rows: int = 0
    max_rows: int = 5000


Node: TypeAlias = Question | Group | Repeat


@dataclass(frozen=True, slots=True)
class Form:
    """One version of a form, named by the digest of its exact published bytes."""

    digest: str
    form_id: str
    version: str
    title: Text
    default_language: str
    languages: tuple[str, ...]
    instance_name: str | None
    survey: tuple[Node, ...]
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    instances: Mapping[str, OwnEntries] = field(default_factory=dict)
    facets: tuple[str, ...] = ()


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Yield every node of the tree, parents before children, in the order of the form."""
    for node in nodes:
        yield node
        if not isinstance(node, Question):
            yield from walk(node.children)


def text_in(text: Text, language: str, fallback: str = "") -> str:
    """Return the text in a language, else in the fallback language, else in any, else nothing."""
    for wanted in (language, fallback, ""):
        if wanted in text:
            return text[wanted]
    return next(iter(text.values()), "")

"""The relational shape of a form: one table for its submissions, one for each repeat.

* Tables and columns are named as ODK's CSV export names its files and columns: `FORM_ID`,
  `FORM_ID-REPEAT`, and `group-question` for the members of a group.
* A shape depends on the definition alone. System columns (`_…`) are the business of whoever
  stores the rows; only `_row`, `_position` and `_parent_row` of a repeat's rows are given here.
* A question gives one column, but for: geopoints (four), attachments (name, sha256, size),
  selects from a choice list (names, and labels in the form's default language), notes (none).
* Getters are made once a form: `plan(form)` may be kept, and `plan.rows(answers)` is cheap.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from forms.definition import (
    ATTACHMENT_TYPES,
    SELECT_TYPES,
    Form,
    Node,
    Question,
    Repeat,
    Text,
    text_in,
)
from forms.errors import DefinitionError
from forms.values import value_type

Cell: TypeAlias = str | int | float | None
Row: TypeAlias = dict[str, Cell]

# SQLite's own limit is 2,000; the system's columns need some of them.
MAX_COLUMNS = 1900
MAX_INTEGER = 2**63 - 1
LABEL_SEPARATOR = "、"

_SQLITE_TYPES = {"integer": "INTEGER", "decimal": "REAL"}
_SEARCHED_TYPES = frozenset({"text", "barcode"})
_GEOPOINT_PARTS = (
    ("latitude", "lat", {"zh-CN": "纬度", "en": "latitude"}),
    ("longitude", "lon", {"zh-CN": "经度", "en": "longitude"}),
    ("altitude", "alt", {"zh-CN": "海拔（米）", "en": "altitude (m)"}),
    ("accuracy", "accuracy", {"zh-CN": "精度（米）", "en": "accuracy (m)"}),
)
_ATTACHMENT_PARTS = (
    ("sha256", "TEXT", {"zh-CN": "文件的 SHA-256", "en": "SHA-256 of the file"}),
    ("size", "INTEGER", {"zh-CN": "文件大小（字节）", "en": "size of the file in bytes"}),
)
_LABEL_PART: Text = {"zh-CN": "名称", "en": "label"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it holds (`path`, `question`), and what a reader is told of it."""

    name: str
    path: str
    type: str
    label: Text
    hint: Text
    question: Question | None
    facet: bool = False
    search: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a form; `repeat` is the definition path of the repeat whose rows it holds."""

    name: str
    title: Text
    repeat: str | None
    columns: tuple[Column, ...]


_Get: TypeAlias = Callable[[Mapping[str, Any]], Cell]


@dataclass(frozen=True, slots=True)
class _Layout:
    """A table with the getter of each column, and the repeats that stand in its rows.

    Getters stand together by the group that holds their questions: it is looked up once.
    """

    table: Table
    getters: tuple[tuple[tuple[str, ...], tuple[tuple[str, str, _Get], ...]], ...]
    repeats: tuple[tuple[tuple[str, ...], "_Layout"], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The shape of one form, made ready for many sets of answers."""

    tables: tuple[Table, ...]
    _root: _Layout

    def rows(self, answers: Mapping[str, Any]) -> dict[str, list[Row]]:
        """Return the rows of every table; the first table has exactly one."""
        found: dict[str, list[Row]] = {table.name: [] for table in self.tables}
        _collect(self._root, answers, {}, found)
        return found


def plan(form: Form) -> Plan:
    """Return the form's shape with everything that can be worked out beforehand."""
    root = _layout(form, form.survey, form.form_id, form.title, None)
    return Plan(tuple(_tables(root)), root)


def shape(form: Form) -> tuple[Table, ...]:
    """Return the tables of a form: that of its submissions first, then one a repeat."""
    return plan(form).tables


def column_errors(form: Form) -> list[DefinitionError]:
    """Return what keeps the form from having tables: names that meet, too many columns."""
    errors: list[DefinitionError] = []
    names: set[str] = set()
    for table in shape(form):
        if table.name.lower() in names:
            errors.append(_meeting(f"table {table.name!r}", "survey"))
        names.add(table.name.lower())
        if len(table.columns) > MAX_COLUMNS:
            message = f"The table {table.name!r} would have more than {MAX_COLUMNS:,} columns."
            errors.append(DefinitionError(message, path="survey", code="too_big"))
        errors += _column_meetings(table)
    return errors


def _column_meetings(table: Table) -> Iterator[DefinitionError]:
    seen: set[str] = set()
    for column in table.columns:
        if column.name.lower() in seen and column.question is not None:
            yield _meeting(f"column {column.name!r}", f"{column.question.source}.name")
        seen.add(column.name.lower())


def _meeting(what: str, path: str) -> DefinitionError:
    message = f"The {what} would be there twice."
    return DefinitionError(message, path=path, code="duplicate_name", hint="Rename one of them.")


def _tables(layout: _Layout) -> Iterator[Table]:
    yield layout.table
    for _, inner in layout.repeats:
        yield from _tables(inner)


def _layout(
    form: Form, nodes: tuple[Node, ...], name: str, title: Text, repeat: Repeat | None
) -> _Layout:
    columns: list[Column] = []
    getters: dict[tuple[str, ...], list[tuple[str, str, _Get]]] = {}
    repeats: list[tuple[tuple[str, ...], _Layout]] = []
    for steps, node in _members(nodes, ()):
        if isinstance(node, Repeat):
            inner_name = "-".join((form.form_id, *node.path.split("/")))
            inner_title = _joined(form.title, node.label or {"": node.name}, form)
            inner = _layout(form, node.children, inner_name, inner_title, node)
            repeats.append((steps, inner))
        elif isinstance(node, Question):
            for column, get in _columns(form, node, "-".join(steps)):
                columns.append(column)
                getters.setdefault(steps[:-1], []).append((column.name, steps[-1], get))
    path = repeat.path if repeat is not None else None
    table = Table(name, title, path, tuple(columns))
    grouped = tuple((group, tuple(members)) for group, members in getters.items())
    return _Layout(table, grouped, tuple(repeats))


def _members(
    nodes: tuple[Node, ...], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Yield questions and repeats with their steps from the table's row; groups are gone into."""
    for node in nodes:
        steps = (*above, node.name)
        if isinstance(node, Question | Repeat):
            yield steps, node
        else:
            yield from _members(node.children, steps)


def _columns(form: Form, question: Question, name: str) -> Iterator[tuple[Column, _Get]]:
    if question.type == "note":
        return
    facet = question.path in form.facets
    if question.type == "geopoint":
        yield from _geopoint_columns(form, question, name)
    elif question.type in ATTACHMENT_TYPES:
        yield from _attachment_columns(form, question, name)
    elif question.type in SELECT_TYPES:
        yield from _select_columns(form, question, name, facet=facet)
    else:
        kind = value_type(question)
        yield (
            _column(
                question,
                name,
                type=_SQLITE_TYPES.get(kind, "TEXT"),
                facet=facet,
                search=kind in _SEARCHED_TYPES,
            ),
            _GETTERS.get(kind, _text),
        )


def _geopoint_columns(form: Form, question: Question, name: str) -> Iterator[tuple[Column, _Get]]:
    for suffix, key, part in _GEOPOINT_PARTS:
        label = _joined(question.label, part, form)
        column = _column(question, f"{name}-{suffix}", type="REAL", label=label)
        yield column, _member_number(key)


def _attachment_columns(form: Form, question: Question, name: str) -> Iterator[tuple[Column, _Get]]:
    yield _column(question, name), _member("name")
    for key, kind, part in _ATTACHMENT_PARTS:
        label = _joined(question.label, part, form)
        yield _column(question, f"{name}-{key}", type=kind, label=label), _member(key)


def _select_columns(
    form: Form, question: Question, name: str, *, facet: bool
) -> Iterator[tuple[Column, _Get]]:
    choices = form.choices.get(question.list_name or "")
    names_facet = facet and choices is None
    yield _column(question, name, facet=names_facet), _names
    if choices is None:  # the unit's own entries: their labels are not part of the definition
        return
    labels = {
        choice.name: text_in(choice.label, form.default_language, choice.name) for choice in choices
    }
    label = _joined(question.label, _LABEL_PART, form)
    column = _column(question, f"{name}-label", label=label, facet=facet, search=True)
    yield column, _labels(labels)


def _column(
    question: Question,
    name: str,
    *,
    type: str = "TEXT",
    label: Text | None = None,
    facet: bool = False,
    search: bool = False,
) -> Column:
    return Column(
        name=name,
        path=question.path,
        type=type,
        label=label or question.label or {"": question.name},
        hint=question.hint,
        question=question,
        facet=facet,
        search=search,
    )


def _joined(text: Text, part: Text, form: Form) -> Text:
    """Return `text · part` in every language of the form."""
    languages = form.languages or ("",)
    default = form.default_language
    return {
        language: f"{text_in(text, language, default)} · {text_in(part, language, 'en')}"
        for language in languages
    }


def _collect(
    layout: _Layout, answers: Mapping[str, Any], system: Row, found: dict[str, list[Row]]
) -> None:
    row = system
    for group, getters in layout.getters:
        value_of = _holder(answers, group).get
        for name, key, get in getters:
            value = value_of(key)
            row[name] = None if value is None else get(value)
    found[layout.table.name].append(row)
    for steps, inner in layout.repeats:
        _collect_rows(inner, _holder(answers, steps[:-1]).get(steps[-1]) or (), row, found)


def _collect_rows(layout: _Layout, members: Any, above: Row, found: dict[str, list[Row]]) -> None:
    for position, member in enumerate(members, start=1):
        system: Row = {"_row": member["_row"], "_position": position}
        if "_row" in above:
            system["_parent_row"] = above["_row"]
        _collect(layout, member, system, found)


_NOTHING: Mapping[str, Any] = {}


def _holder(answers: Mapping[str, Any], group: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the group at the end of some steps, or an empty one."""
    for step in group:
        answers = answers.get(step) or _NOTHING
    return answers


_text: _Get = str


def _integer(value: Any) -> Cell:
    number = int(value)
    return number if abs(number) <= MAX_INTEGER else float(number)


def _decimal(value: Any) -> Cell:
    return float(value)


_GETTERS: Mapping[str, Callable[[Any], Cell]] = {"integer": _integer, "decimal": _decimal}


def _names(value: Any) -> Cell:
    return value if isinstance(value, str) else " ".join(value)


def _labels(labels: Mapping[str, str]) -> Callable[[Any], Cell]:
    def get(value: Any) -> Cell:
        if isinstance(value, str):
            return labels.get(value, value)
        return LABEL_SEPARATOR.join(labels.get(name, name) for name in value)

    return get


def _member(key: str) -> Callable[[Any], Cell]:
    def get(value: Any) -> Cell:
        cell: Cell = value.get(key)
        return cell

    return get


def _member_number(key: str) -> Callable[[Any], Cell]:
    def get(value: Any) -> Cell:
        number = value.get(key)
        return None if number is None else float(number)

    return get

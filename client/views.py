"""How an entry stands: what its heads say together, worked out anew and never written down.

* One head is shown as it is. Several are merged; the values of contested paths are those of the head
that is shown first, and the others stand beside them in `contested`.
* Nobody typed what is calculated, so it is computed again from the merged answers, at the time of
the head that is shown first.
* Answers to questions that the form does not have are left where they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forms.definition import Form, Group, Node, Question, Repeat, walk
from forms.kinds import kinds_of
from forms.paths import definition_path
from sync.merge import Contested, Version, merge
from sync.revision import Revision

Json = dict[str, Any]

ROW = "_row"
ROW_ID_BYTES = 8
VOID = "void"


@dataclass(frozen=True, slots=True)
class View:
    """An entry as it stands; `heads` begins with the one that is shown, whose values these are."""

    entry: str
    form: str
    definition: str
    heads: tuple[str, ...]
    operation: str
    answers: Mapping[str, Any]
    reasons: Mapping[str, str]
    reason: str | None
    contested: tuple[Contested, ...] = ()

    @property
    def is_void(self) -> bool:
        """Say whether the entry was taken back, and nobody holds against it."""
        return self.operation == VOID


def view_of(digest: str, revision: Revision) -> View:
    """Return the view of an entry that has one head."""
    return View(
        entry=revision.entry,
        form=revision.form,
        definition=revision.definition,
        heads=(digest,),
        operation=revision.operation,
        answers=revision.answers,
        reasons=revision.reasons,
        reason=revision.reason,
    )


def merged_view(revisions: Mapping[str, Revision], definition: str, forms: Sequence[Form]) -> View:
    """Return the view of several heads, calculations as yet as the first of them has them.

    `revisions` are the heads with all that is known of what they descend from; `forms` the versions
    that the heads were made with, of which `definition` is to draw the view.
    """
    kinds: dict[str, str] = {}
    for form in forms:
        kinds |= kinds_of(form)
    merged = merge({digest: version_of(digest, each) for digest, each in revisions.items()}, kinds)
    shown = revisions[merged.heads[0]]
    return View(
        entry=shown.entry,
        form=shown.form,
        definition=definition,
        heads=merged.heads,
        operation=merged.operation,
        answers=merged.answers,
        reasons=merged.reasons,
        reason=merged.reason,
        contested=merged.contested,
    )


def best_fit(view: View, forms: Sequence[Form]) -> str:
    """Return the first of several versions of a form that lacks the fewest places for a view.

    A place for what is contested counts before all others: it is what a person has to decide.
    """

    def lacks(form: Form) -> tuple[int, int]:
        known = {node.path for node in walk(form.survey)}
        places = [each.path.partition("#")[0] for each in view.contested]
        missing = [place for place in places if place and definition_path(place) not in known]
        return len(missing), _count(split_known(form.survey, view.answers)[1])

    return min(forms, key=lacks).digest


def version_of(digest: str, revision: Revision) -> Version:
    """Return what merging has to know of a revision."""
    return Version(
        digest=digest,
        parents=revision.parents,
        operation=revision.operation,
        answers=revision.answers,
        reasons=revision.reasons,
        reason=revision.reason,
    )


def split_known(nodes: Sequence[Node], answers: Mapping[str, Any]) -> tuple[Json, Json]:
    """Return the answers that a form has places for, and the others, both where they stood.

    The others keep the ids of the rows around them, so that `with_unknown` finds their places.
    """
    by_name = {node.name: node for node in nodes}
    known: Json = {}
    unknown: Json = {}
    for name, value in answers.items():
        node = by_name.get(name)
        if name == ROW:
            known[name] = value
        elif node is None:
            unknown[name] = value
        else:
            known[name], rest = _split(node, value)
            if rest:
                unknown[name] = rest
    return known, unknown


def with_unknown(answers: Mapping[str, Any], unknown: Mapping[str, Any]) -> Json:
    """Return answers with those put back that the form has no places for; of rows that are there."""
    joined = dict(answers)
    for name, rest in unknown.items():
        value = joined.get(name)
        if isinstance(rest, dict) and (isinstance(value, dict) or name not in joined):
            joined[name] = with_unknown(value or {}, rest)
        elif isinstance(value, list) and isinstance(rest, list):
            of_row = {row[ROW]: row for row in rest}
            joined[name] = [with_unknown(row, of_row.get(row[ROW], {})) for row in value]
        elif name not in joined:
            joined[name] = rest
    return joined


def split_reasons(
    form: Form, answers: Mapping[str, Any], reasons: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the reasons that stand at a question and row that are there, and the others."""
    questions = {node.path for node in walk(form.survey) if isinstance(node, Question)}
    known: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for path, text in reasons.items():
        is_known = definition_path(path) in questions and has_rows(answers, path)
        (known if is_known else unknown)[path] = text
    return known, unknown


def answer_at(answers: Any, path: str) -> Any:
    """Return the answer at an instance path, or None."""
    for step in path.split("/"):
        name, _, row = step.rstrip("]").partition("[")
        answers = answers.get(name)
        if row:
            answers = next((each for each in answers or () if each[ROW] == row), None)
        if answers is None:
            return None
    return answers


def has_rows(answers: Any, path: str) -> bool:
    """Say whether all rows on the way of an instance path are there."""
    for step in path.split("/"):
        name, _, row = step.rstrip("]").partition("[")
        answers = answers.get(name) if isinstance(answers, Mapping) else None
        if row:
            rows = answers if isinstance(answers, list) else ()
            answers = next((each for each in rows if each.get(ROW) == row), None)
            if answers is None:
                return False
    return True


def _count(unknown: Any) -> int:
    if isinstance(unknown, list):
        return sum(map(_count, unknown))
    if isinstance(unknown, dict):
        return sum(_count(value) for name, value in unknown.items() if name != ROW)
    return 1


def _split(node: Node, value: Any) -> tuple[Any, Any]:
    if isinstance(node, Group) and isinstance(value, dict):
        return split_known(node.children, value)
    if isinstance(node, Repeat) and isinstance(value, list):
        rows, rests = [], []
        for row in value:
            if not isinstance(row, dict):
                rows.append(row)
                continue
            known, rest = split_known(node.children, row)
            rows.append(known)
            if rest and ROW in row:
                rests.append({ROW: row[ROW], **rest})
        return rows, rests
    return value, None

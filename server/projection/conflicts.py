"""Rows of the table `conflicts`: each a place of an entry that somebody has to decide."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forms.definition import Form, Text, walk
from forms.paths import definition_path
from forms.tables import Row
from server.projection.descriptions import both_languages
from server.projection.heads import Standing, Stored
from server.projection.local_time import local_text
from server.projection.merging import View
from server.projection.rows import Surroundings
from sync.merge import ENTRY_PATH, Contender, Contested

LEFT_OUT = "#heads"
"""The path of the row that names the heads which were not merged."""

_ORDER = "#order"
_WHOLE_ENTRY: Text = {"zh-CN": "整份填报记录", "en": "the entry as a whole"}
_ROW: Text = {"zh-CN": "一行", "en": "a row"}
_ROWS_IN_ORDER: Text = {"zh-CN": "行的顺序", "en": "order of the rows"}
_NOT_MERGED: Text = {"zh-CN": "未合并的版本", "en": "what was not merged"}
_SEE_QUARANTINE: Text = {"zh-CN": "内容见隔离区", "en": "quarantine has what they say"}
_NOTHING: Text = {"zh-CN": "（无）", "en": "(nothing)"}
_OPERATIONS: Mapping[str, Text] = {
    "put": {"zh-CN": "有效", "en": "it stands"},
    "void": {"zh-CN": "作废", "en": "void"},
}


def conflict_rows(
    standing: Standing, view: View, form: Form, around: Surroundings
) -> Iterator[Row]:
    """Yield a row for each contested place of an entry, and one for what was not merged."""
    if view.left_out:
        yield {"_path": LEFT_OUT, **_left_out(view.left_out, around)}
    if not view.contested:
        return
    heads = {head.digest: head for head in standing.heads}
    labels = {node.path: both_languages(node.label) or node.name for node in walk(form.survey)}
    for contested in view.contested:
        yield {**_place(contested, labels), **_sides(contested, heads, around)}


def _place(contested: Contested, labels: Mapping[str, str]) -> Row:
    path = contested.path
    plain = definition_path(path.removesuffix(_ORDER))
    label = labels.get(plain, plain)
    if path == ENTRY_PATH:
        label = both_languages(_WHOLE_ENTRY)
    elif path.endswith(_ORDER):
        label = f"{label}：{both_languages(_ROWS_IN_ORDER)}"
    elif path.endswith("]"):
        label = f"{label}：{both_languages(_ROW)}"
    return {"_path": path, "_place": label}


def _sides(
    contested: Contested, heads: Mapping[str, Stored], around: Surroundings
) -> dict[str, Any]:
    values = "\n".join(_text(each, contested.path) for each in contested.contenders)
    sides = [heads[each.digest] for each in contested.contenders]
    return {**_people(sides, around), "_values": values}


def _people(sides: Sequence[Stored], around: Surroundings) -> dict[str, Any]:
    first = sides[0]
    newest = max(sides, key=lambda each: each.index)
    return {
        "_entry": first.entry,
        "_form": first.form,
        "_unit": first.unit,
        "_unit_name": around.units.get(first.unit or ""),
        "_members": "\n".join(around.members.get(each.member or "") or "" for each in sides),
        "_contenders": "\n".join(each.digest for each in sides),
        "_received_local": local_text(newest.received_at, around.zone),
        "_received_at": newest.received_at,
        "_index": newest.index,
    }


def _left_out(heads: Sequence[Stored], around: Surroundings) -> dict[str, Any]:
    values = f"{len(heads)} × {both_languages(_SEE_QUARANTINE)}"
    return {
        "_place": both_languages(_NOT_MERGED),
        **_people(heads, around),
        "_values": values,
    }


def _text(contender: Contender, path: str) -> str:
    """Return what one side has, in one line, with its reason."""
    value = contender.value
    if path == ENTRY_PATH:
        text = both_languages(_OPERATIONS[value])
    elif not contender.is_present:
        text = both_languages(_NOTHING)
    elif isinstance(value, str):
        text = " ".join(value.split())
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if contender.reason is None else f"{text}（{' '.join(contender.reason.split())}）"

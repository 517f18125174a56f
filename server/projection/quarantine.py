"""Rows of the table `quarantine`: what was set apart, why, and what it says."""

import json
from collections.abc import Mapping
from typing import Any

from forms.tables import Row
from server.projection.heads import Stored
from server.projection.rows import Surroundings, person_cells, time_cells
from server.verdict import MESSAGES

UNSHOWABLE = "unshowable"
UNREADABLE = "unreadable"
NOT_MERGED = "not_merged"
_REASONS = {
    "author_unknown": "填报设备未登记",
    "author_revoked": "填报设备已被停用",
    "member_mismatch": "设备与所写填报人不符",
    "form_mismatch": "填报记录与表单不符",
    "entry_of_other_unit": "该填报记录属于其他单位",
    "form_closed": "表单已由组织单位关闭",
    "rules": "违反表单规则",
    "unchecked": "未能检查表单规则",
    UNSHOWABLE: "已存证，但内容无法按表单列出 · It is logged, but does not fit its form's tables.",
    UNREADABLE: "已存证，但服务器上的内容已损坏 · It is logged, but its bytes are damaged on the server.",
    NOT_MERGED: "已存证，但同一填报记录的版本过多，未并入表单 · "
    "It is logged, but stands beside too many others of its entry to be merged with them.",
}


def quarantine_row(
    stored: Stored, revision: Mapping[str, Any] | None, version: str | None, around: Surroundings
) -> Row:
    """Return the row of a revision that stands in quarantine, without content where that is None."""
    return {
        "_revision": stored.digest,
        "_entry": stored.entry,
        "_form": stored.form,
        "_version": version,
        "_code": stored.code,
        "_reason": _reason(stored.code or ""),
        "_violations": _readable(stored.violations),
        "_answers": None if revision is None else _text_of(revision.get("answers")),
        "_index": stored.index,
        "_device": stored.device,
        **person_cells(stored, around),
        **time_cells(stored, revision, around),
    }


def _text_of(answers: Any) -> str:
    return json.dumps(answers, ensure_ascii=False, indent=2)


def _reason(code: str) -> str:
    found = (_REASONS.get(code), MESSAGES.get(code))
    return " · ".join(text for text in found if text) or code


def _readable(violations: str | None) -> str:
    """Return violations one a line: what is wrong, and where."""
    lines = (f"{each['message']}（{each['path']}）" for each in json.loads(violations or "[]"))
    return "\n".join(lines)

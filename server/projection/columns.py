"""The columns of the audit tables that no form defines, each with what a reader is told of it.

All of them begin with `_`, which no question's name may. Texts are in the order in which they are
shown: zh-CN, then en.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

SqlType: TypeAlias = Literal["TEXT", "INTEGER", "REAL"]


@dataclass(frozen=True, slots=True)
class SystemColumn:
    """A column of the system's, and its text in both languages."""

    name: str
    type: SqlType
    zh: str
    en: str
    facet: bool = False

    @property
    def text(self) -> str:
        """Return what a reader is told of the column."""
        return f"{self.zh} · {self.en}"


_ENTRY = SystemColumn("_entry", "TEXT", "填报记录编号", "Id of the entry")
_UNIT = SystemColumn("_unit", "TEXT", "填报单位代码", "Code of the reporting unit")
_UNIT_NAME = SystemColumn(
    "_unit_name", "TEXT", "填报单位名称", "Name of the reporting unit", facet=True
)
_MEMBER = SystemColumn("_member", "TEXT", "填报人编号", "Id of the member who made it")
_MEMBER_NAME = SystemColumn("_member_name", "TEXT", "填报人姓名", "Name of the member who made it")
_RECEIVED_LOCAL = SystemColumn(
    "_received_local",
    "TEXT",
    "现版本收到时间（活动所在时区）",
    "When this version was received, in the campaign's zone",
)
_RECEIVED_AT = SystemColumn(
    "_received_at", "TEXT", "现版本收到时间（UTC）", "When this version was received, UTC"
)
_MADE_LOCAL = SystemColumn(
    "_made_local",
    "TEXT",
    "现版本完成时间（填报设备当地时间）",
    "When this version was made, local time of the device",
)
_MADE_ZONE = SystemColumn(
    "_made_zone", "TEXT", "填报设备所在时区", "Time zone of the device, as an offset from UTC"
)
_MADE_AT = SystemColumn(
    "_made_at", "TEXT", "现版本完成时间（UTC）", "When this version was made, UTC"
)
_VERSION = SystemColumn(
    "_version", "TEXT", "填报时的表单版本", "Version of the form it was filled in with", facet=True
)
_REVISION = SystemColumn(
    "_revision", "TEXT", "现版本摘要（SHA-256）", "Digest of this version of the entry"
)
_INDEX = SystemColumn("_index", "INTEGER", "在存证日志中的序号", "Place in the log")
_DEVICE = SystemColumn("_device", "TEXT", "填报设备编号", "Id of the device it was made on")

_HEADS = SystemColumn(
    "_heads",
    "INTEGER",
    "并列的最新版本数（大于 1 时显示的是合并结果）",
    "How many newest versions stand side by side; above 1, they are shown as merged",
)
_CONFLICTS = SystemColumn(
    "_conflicts",
    "INTEGER",
    "待裁定的冲突数（见 conflicts 表）",
    "How many of its answers two people changed differently (see the table conflicts)",
)

SUBMISSION_LEADING = (
    _ENTRY,
    _UNIT_NAME,
    _UNIT,
    SystemColumn(
        "_late",
        "INTEGER",
        "是否逾期收到（1 逾期，0 未逾期；只作标记）",
        "Whether first received after it was due (1 late, 0 not); a mark only",
        facet=True,
    ),
    _RECEIVED_LOCAL,
)
SUBMISSION_TRAILING = (
    _MEMBER,
    _MEMBER_NAME,
    SystemColumn(
        "_reasons",
        "TEXT",
        "核实性审核说明（填报路径：理由）",
        "Reasons given where a soft constraint was passed",
    ),
    SystemColumn(
        "_operation",
        "TEXT",
        "状态（put 有效，void 作废）",
        "put: it stands; void: it was withdrawn",
        facet=True,
    ),
    SystemColumn("_void_reason", "TEXT", "作废理由", "Why it was withdrawn"),
    _RECEIVED_AT,
    SystemColumn(
        "_first_received_local",
        "TEXT",
        "首次收到时间（活动所在时区）",
        "When the entry was first received, in the campaign's zone",
    ),
    SystemColumn(
        "_first_received_at",
        "TEXT",
        "首次收到时间（UTC）",
        "When the entry was first received, UTC",
    ),
    _MADE_LOCAL,
    _MADE_ZONE,
    _MADE_AT,
    _VERSION,
    SystemColumn("_revisions", "INTEGER", "版本数", "How many versions the entry has"),
    _HEADS,
    _CONFLICTS,
    _REVISION,
    _INDEX,
    _DEVICE,
)
ROW_LEADING = (
    _ENTRY,
    SystemColumn("_row", "TEXT", "行编号", "Id of the row"),
    SystemColumn("_position", "INTEGER", "行序", "Place of the row in the table, from 1"),
    _UNIT_NAME,
    _UNIT,
)
NESTED_ROW = SystemColumn("_parent_row", "TEXT", "上级行编号", "Id of the row this one stands in")
ROW_TRAILING = (
    SystemColumn("_number", "INTEGER", "全文检索用的序号", "Number of the row in full-text search"),
)
QUARANTINE = (
    _REVISION,
    _ENTRY,
    SystemColumn("_form", "TEXT", "表单代码", "Id of the form", facet=True),
    _VERSION,
    _UNIT_NAME,
    _UNIT,
    _MEMBER,
    _MEMBER_NAME,
    SystemColumn("_reason", "TEXT", "隔离原因", "Why it was set apart", facet=True),
    SystemColumn("_code", "TEXT", "隔离原因代码", "Code of the reason"),
    SystemColumn(
        "_violations", "TEXT", "违反的填报规则（一行一条）", "Rules it breaks, one a line"
    ),
    SystemColumn("_answers", "TEXT", "收到的填报内容（JSON）", "Its answers as JSON"),
    _RECEIVED_LOCAL,
    _RECEIVED_AT,
    _MADE_LOCAL,
    _MADE_ZONE,
    _MADE_AT,
    _INDEX,
    _DEVICE,
)
CONFLICTS = (
    _ENTRY,
    SystemColumn("_form", "TEXT", "表单代码", "Id of the form", facet=True),
    _UNIT_NAME,
    _UNIT,
    SystemColumn("_place", "TEXT", "有冲突的题目", "The question they differ on"),
    SystemColumn(
        "_path",
        "TEXT",
        "在填报记录中的位置",
        "Where it stands in the entry; empty: the entry itself",
    ),
    SystemColumn(
        "_values",
        "TEXT",
        "各方的填报内容（一行一方，第一行为暂时显示的内容）",
        "What each side has, one a line; the first one is shown for the time being",
    ),
    SystemColumn(
        "_members",
        "TEXT",
        "各方填报人（一行一方，次序同上）",
        "Who each side is, in the same order",
    ),
    SystemColumn(
        "_contenders",
        "TEXT",
        "各方的版本摘要（SHA-256，一行一方，次序同上）",
        "Digest of each side's version, in the same order",
    ),
    SystemColumn(
        "_received_local",
        "TEXT",
        "最后一方收到时间（活动所在时区）",
        "When the last side was received, in the campaign's zone",
    ),
    SystemColumn(
        "_received_at", "TEXT", "最后一方收到时间（UTC）", "When the last side was received, UTC"
    ),
    SystemColumn(
        "_index", "INTEGER", "最后一方在存证日志中的序号", "Place of the last side in the log"
    ),
)
ENTRIES = (
    _ENTRY,
    SystemColumn("_form", "TEXT", "表单代码", "Id of the form", facet=True),
    _UNIT,
    _UNIT_NAME,
    _MEMBER_NAME,
    SystemColumn("_late", "INTEGER", "是否逾期收到", "Whether first received late", facet=True),
    SystemColumn("_operation", "TEXT", "状态", "put: it stands; void: it was withdrawn"),
    _VERSION,
    SystemColumn("_first_received_local", "TEXT", "首次收到时间（活动所在时区）", "First received"),
    SystemColumn("_first_received_at", "TEXT", "首次收到时间（UTC）", "First received, UTC"),
    _RECEIVED_LOCAL,
    _RECEIVED_AT,
    _MADE_LOCAL,
    SystemColumn("_revisions", "INTEGER", "版本数", "How many versions the entry has"),
    _CONFLICTS,
    _INDEX,
)

"""The audit database follows the log, and depends on nothing else."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from server.db import DatabaseError
from server.errors import StorageError
from server.projection import projector as projector_module
from server.projection.local_time import local_text, zone_of
from server.projection.projector import Projector
from server.projection.source import LogSource
from server.projection.tables import SCHEMA_VERSION
from server.verdict import LOGGED, held, quarantined
from sync.messages import RuleViolation

FORMS = Path(__file__).parents[3] / "forms" / "ordos-2019"
IN_ORDER_OF_ARRIVAL = {"_index", "_number", "published_at", "created_at"}


def dump(book, *, leave_out=frozenset()):
    """Return all that the audit database holds, whatever the order of its rows."""
    tables = book.look(
        "select name, sql from sqlite_master where type in ('table', 'view')"
        " and name not like '%_fts_%' order by name"
    )
    contents = {"": tables}
    for table in tables:
        rows = book.look(f'select * from "{table["name"]}"')  # noqa: S608  # our own names
        kept = [{key: row[key] for key in row if key not in leave_out} for row in rows]
        contents[table["name"]] = sorted(kept, key=lambda row: repr(sorted(row.items())))
    return contents


def some_history(book, contests):
    """Put entries, edits, a void one, held and quarantined ones into the log."""
    first = book.revision("attachment-2", contests("供水", "铁路"), unit="jungar")
    parent = book.store(first)
    for number in range(5):
        book.hand_in("attachment-2", contests(f"项目{number}"), unit="dalad")
    edit = replace(first, answers=contests("供水二期"), parents=(parent,), sequence=90)
    book.store(edit)
    book.store(book.revision("attachment-2", contests("坏"), unit="uxin"), quarantined("rules"))
    waiting = book.store(book.revision("attachment-2", contests("等")), held("newer_version"))
    book.hand_in("attachment-2", {}, operation="void", reason="填错了")
    one_side = replace(first, answers=contests("甲"), parents=(parent,), sequence=91)
    book.store(one_side)
    book.store(replace(first, answers=contests("乙"), parents=(parent,), sequence=92))
    book.services.publish(attachment_1(version="2019051302", extra="remark"))
    book.hand_in("attachment-1", {"filled_on": "2019-05-20", "remark": "备注"})
    book.decide(waiting, LOGGED)


def attachment_1(*, version, extra=None, form_id="attachment-1"):
    definition = json.loads((FORMS / "attachment-1.json").read_bytes())
    definition["settings"] |= {"version": version, "form_id": form_id}
    if extra is not None:
        label = {"zh-CN": "备注", "en": "Remark"}
        definition["survey"].append({"type": "text", "name": extra, "label": label})
    return json.dumps(definition).encode()


def test_the_tables_are_there_from_the_beginning(book):
    found = {row["name"] for row in book.audit("select name from sqlite_master")}

    forms = {"attachment-1", "attachment-2", "implementation-plan", "progress-report"}
    repeats = {"attachment-1-contests", "attachment-2-contests", "progress-report-photos"}
    assert forms | repeats | {"quarantine", "units", "items", "entries"} <= found
    assert book.audit('select * from "attachment-2"') == []


def test_an_entry_is_one_row_and_its_rows_are_joined_by_its_id(book, contests):
    entry = book.hand_in("attachment-2", contests("供水", "铁路"))

    (row,) = book.audit('select * from "attachment-2"')
    rows = book.audit(
        'select r.* from "attachment-2" s join "attachment-2-contests" r using (_entry)'
        " order by _position"
    )
    assert row["_entry"] == entry
    assert (row["_unit"], row["_unit_name"], row["_member_name"]) == ("dongsheng", "东胜区", "张三")
    assert row["contest_count"] == 2
    assert [each["project"] for each in rows] == ["供水", "铁路"]
    assert rows[0]["category-label"] == "重大工程建设竞赛"


def test_local_time_stands_beside_utc(book, contests):
    book.hand_in("attachment-2", contests("供水"), zone="+06:00")

    (row,) = book.audit('select * from "attachment-2"')
    assert (row["_received_at"], row["_received_local"]) == (
        "2019-05-20T01:30:00.000Z",
        "2019-05-20 09:30:00",
    )
    assert (row["_made_at"], row["_made_local"], row["_made_zone"]) == (
        "2019-05-20T01:25:00.000Z",
        "2019-05-20 07:25:00",
        "+06:00",
    )


def test_a_clock_at_the_end_of_the_calendar_stops_nothing():
    assert local_text("9999-12-31T23:00:00.000Z", zone_of("+08:00")) == "9999-12-31 23:00:00"


def test_what_came_after_its_due_is_marked_late_and_nothing_else(book, contests):
    book.hand_in("attachment-2", contests("早"))
    book.clock.now = book.clock.now.replace(month=6, day=1)
    book.hand_in("attachment-2", contests("晚"), unit="jungar")

    assert book.audit("select _unit, _late from entries order by _unit") == [
        {"_unit": "dongsheng", "_late": 0},
        {"_unit": "jungar", "_late": 1},
    ]


def test_a_later_correction_does_not_make_an_entry_late(book, contests):
    first = book.revision("attachment-2", contests("供水"))
    parent = book.store(first)
    book.clock.now = book.clock.now.replace(month=6, day=1)
    book.store(replace(first, answers=contests("改"), parents=(parent,), sequence=7))

    (row,) = book.audit('select * from "attachment-2"')
    assert (row["_late"], row["_revisions"]) == (0, 2)
    assert row["_first_received_at"] < row["_received_at"]


def test_an_edit_replaces_the_row_its_rows_and_what_is_found(book, contests):
    first = book.revision("attachment-2", contests("供水", "铁路"))
    parent = book.store(first)
    book.project()
    book.store(replace(first, answers=contests("机场"), parents=(parent,), sequence=7))

    assert len(book.audit('select * from "attachment-2"')) == 1
    assert [row["project"] for row in book.audit('select * from "attachment-2-contests"')] == [
        "机场"
    ]
    texts = book.audit('select text from "attachment-2-contests_fts"')
    assert len(texts) == 1
    assert "机 场" in texts[0]["text"]
    assert len(book.audit('select text from "attachment-2_fts"')) == 1


def test_a_void_entry_keeps_its_row_with_the_reason(book, contests):
    first = book.revision("attachment-2", contests("供水"))
    parent = book.store(first)
    book.store(
        replace(first, answers={}, parents=(parent,), operation="void", reason="重复", sequence=7)
    )

    (row,) = book.audit('select * from "attachment-2"')
    assert (row["_operation"], row["_void_reason"]) == ("void", "重复")
    assert book.audit('select * from "attachment-2-contests"') == []


def test_reasons_for_soft_constraints_are_shown(book, contests):
    book.hand_in("attachment-2", contests("供水"), reasons={"filled_on": "节前统一填报"})

    (row,) = book.audit('select _reasons from "attachment-2"')
    assert row["_reasons"] == "filled_on：节前统一填报"


def test_a_quarantined_entry_stands_in_quarantine_only(book, contests):
    violation = RuleViolation("contests[1]/days", "calculation", "天数不对")
    revision = book.revision("attachment-2", contests("供水"))
    book.store(revision, quarantined("rules", [violation]))

    (row,) = book.audit("select * from quarantine")
    assert (row["_entry"], row["_form"], row["_unit"]) == (
        revision.entry,
        "attachment-2",
        "dongsheng",
    )
    assert row["_code"] == "rules"
    assert "违反表单规则" in row["_reason"]
    assert row["_violations"] == "天数不对（contests[1]/days）"
    assert json.loads(row["_answers"])["contests"][0]["project"] == "供水"
    assert book.audit('select * from "attachment-2"') == []
    assert book.audit("select * from entries") == []
    assert book.audit('select * from "attachment-2_fts"') == []


def test_a_stranger_in_quarantine_has_no_unit(book, contests):
    revision = book.revision("attachment-2", contests("供水"), device="f" * 32, author="nobody")
    book.store(revision, quarantined("author_unknown"))

    (row,) = book.audit("select * from quarantine")
    assert (row["_unit"], row["_member"]) == (None, None)


def test_a_mended_entry_leaves_quarantine(book, contests):
    bad = book.revision("attachment-2", contests("坏"))
    parent = book.store(bad, quarantined("rules"))
    assert len(book.audit("select * from quarantine")) == 1

    book.store(replace(bad, answers=contests("好"), parents=(parent,), sequence=7))

    assert book.audit("select * from quarantine") == []
    assert len(book.audit('select * from "attachment-2"')) == 1


def test_a_held_entry_shows_once_it_is_decided(book, contests):
    digest = book.store(book.revision("attachment-2", contests("等")), held("newer_version"))
    assert book.audit("select * from entries") == []

    book.decide(digest, LOGGED)

    assert len(book.audit("select * from entries")) == 1


def test_a_new_version_adds_its_columns_and_old_entries_stay(book):
    book.hand_in("attachment-1", {"filled_on": "2019-05-20"})
    book.project()
    book.services.publish(attachment_1(version="2019051302", extra="remark"))
    book.hand_in("attachment-1", {"filled_on": "2019-05-21", "remark": "新"})

    rows = book.audit('select filled_on, remark, _version from "attachment-1" order by filled_on')
    assert rows == [
        {"filled_on": "2019-05-20", "remark": None, "_version": "2019051301"},
        {"filled_on": "2019-05-21", "remark": "新", "_version": "2019051302"},
    ]
    told = book.audit("select description from _columns where name = 'remark'")
    assert told == [{"description": "备注 · Remark"}]
    assert book.audit("select version, versions from forms where form = 'attachment-1'") == [
        {"version": "2019051302", "versions": 2}
    ]


def test_renamed_units_are_renamed_everywhere(book, contests):
    book.hand_in("attachment-2", contests("供水"))
    book.project()
    units = json.loads((FORMS / "units.json").read_bytes())
    for unit in units:
        unit["name"] += "（新）"
    book.services.import_units(json.dumps(units).encode())

    assert book.audit('select _unit_name from "attachment-2"') == [{"_unit_name": "东胜区（新）"}]
    assert book.audit('select _unit_name from "attachment-2-contests"') == [
        {"_unit_name": "东胜区（新）"}
    ]


def test_members_are_listed_without_anything_secret(book):
    device = book.enrol("dongsheng", "李四")

    (member,) = book.audit("select * from members")
    assert (member["id"], member["name"], member["role"]) == (device.member, "李四", "reporter")
    assert set(member) == {"id", "name", "role", "unit", "created_at", "revoked_at"}


def test_a_revoked_member_is_marked(book):
    device = book.enrol("dongsheng")
    book.project()
    book.services.revoke(device.member)

    assert book.audit("select revoked_at from members") != [{"revoked_at": None}]


def test_projecting_again_changes_nothing(book, contests):
    some_history(book, contests)
    book.project()
    before = dump(book)

    book.project()
    Projector(book.services.folder.log_db, book.services.folder.audit_db).catch_up()

    assert dump(book) == before


def test_a_rebuild_gives_the_same_file(book, contests):
    some_history(book, contests)
    book.project()
    before = dump(book)

    book.projector.rebuild()

    assert dump(book) == before


def test_a_deleted_file_is_made_again_the_same(book, contests):
    some_history(book, contests)
    book.project()
    before = dump(book)
    book.projector.close()
    for path in book.services.folder.path.glob("audit.db*"):
        path.unlink()

    book.project()

    assert dump(book) == before


@pytest.mark.parametrize("leaves", [1, 2, 7])
def test_how_much_is_projected_at_once_makes_no_difference(book, contests, monkeypatch, leaves):
    some_history(book, contests)
    book.project()
    before = dump(book)
    monkeypatch.setattr(projector_module, "BATCH_LEAVES", leaves)

    book.projector.rebuild()

    assert dump(book) == before


def test_following_the_log_step_by_step_gives_the_same_file(make_book, contests, monkeypatch):
    book = make_book("stepwise")
    store = book.store

    def store_and_project(*args):
        digest = store(*args)
        book.project()
        return digest

    monkeypatch.setattr(book, "store", store_and_project)
    some_history(book, contests)
    book.project()
    stepwise = dump(book)

    book.projector.rebuild()

    assert dump(book) == stepwise


def test_the_order_of_arrival_makes_no_difference_to_what_stands(make_book, contests):
    origin = make_book("origin")
    revisions = []
    for number in range(6):
        first = origin.revision("attachment-2", contests(f"项目{number}", "铁路"), unit="jungar")
        left = replace(first, answers=contests("左"), parents=(origin.store(first),), sequence=91)
        right = replace(first, answers=contests("右"), parents=left.parents, sequence=92)
        last = replace(first, answers=contests("合"), parents=(origin.store(left),), sequence=93)
        origin.store(right), origin.store(last)
        revisions += [first, left, right, last]
    origin.project()
    # Indexes are what differs; all were received at one moment.
    expected = dump(origin, leave_out={*IN_ORDER_OF_ARRIVAL, "cursor", "last_leaf"})

    for seed in range(3):
        other = make_book(f"other-{seed}")
        other.keys, other.devices = origin.keys, origin.devices
        _copy_members(origin, other)
        for revision in _shuffled(revisions, seed):
            other.store(revision)
        other.project()
        found = dump(other, leave_out={*IN_ORDER_OF_ARRIVAL, "cursor", "last_leaf"})
        assert found["attachment-2"] == expected["attachment-2"]
        assert found["attachment-2-contests"] == expected["attachment-2-contests"]
        assert found["attachment-2-contests_fts"] == expected["attachment-2-contests_fts"]
        assert found["conflicts"] == expected["conflicts"] != []


def _shuffled(revisions, seed):
    return random.Random(seed).sample(revisions, len(revisions))


def _copy_members(origin, other):
    with origin.services.readers.read() as connection:
        members = [tuple(row) for row in connection.execute("select * from member")]
        devices = [tuple(row) for row in connection.execute("select * from device")]

    def write(connection):
        connection.executemany("insert into member values (?, ?, ?, ?, ?, ?)", members)
        connection.executemany("insert into device values (?, ?, ?, ?, ?, ?, ?, ?)", devices)

    other.services.writer.run(write)


def test_a_projection_that_breaks_off_has_done_nothing_and_goes_on_later(
    book, contests, monkeypatch
):
    book.project()
    book.hand_in("attachment-2", contests("供水"))
    before = dump(book)

    def fail(*_):
        raise OSError("the disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr(LogSource, "content", fail)
        with pytest.raises(OSError, match="gone"):
            book.projector.catch_up()
    assert dump(book) == before

    assert len(book.audit("select * from entries")) == 1


def test_a_full_disk_is_told_and_nothing_earlier_is_lost(book, contests):
    book.hand_in("attachment-2", contests("供水"))
    book.project()
    before = dump(book)
    connection = book.projector._files.connection
    pages = connection.execute("pragma page_count").fetchone()[0]
    connection.execute(f"pragma max_page_count = {pages}")
    for number in range(40):
        book.hand_in("attachment-2", contests(*[f"{number}供水" * 50] * 5))

    with pytest.raises(StorageError):
        book.projector.catch_up()
    assert dump(book) == before

    book.project()  # the file is opened anew, and there is room again
    assert len(book.look("select * from entries")) == 41


def test_a_file_of_another_log_is_made_anew(make_book, contests):
    first, second = make_book("first"), make_book("second")
    first.hand_in("attachment-2", contests("供水"))
    first.project()
    folder = second.services.folder
    with_first = Projector(folder.log_db, first.services.folder.audit_db)
    first.projector.close()

    with_first.catch_up()
    with_first.close()

    assert first.look("select * from entries") == []


def test_a_file_of_another_version_is_made_anew(book, contests):
    book.hand_in("attachment-2", contests("供水"))
    book.project()
    book.projector._files.connection.execute("update _projection set schema_version = 99")
    book.projector.close()

    assert len(book.audit("select * from entries")) == 1
    assert book.look("select schema_version from _projection") == [
        {"schema_version": SCHEMA_VERSION}
    ]


def test_an_entry_that_cannot_be_shown_stops_no_other(book, contests, caplog):
    book.hand_in("attachment-2", {"contests": [{"no_row_id": 1}]})
    book.hand_in("attachment-2", contests("供水"), unit="jungar")

    assert [row["_unit"] for row in book.audit("select _unit from entries")] == ["jungar"]
    assert "cannot be shown" in caplog.text


def test_an_entry_whose_withdrawal_cannot_be_shown_stands_in_quarantine(book, contests):
    first = book.revision("attachment-2", contests("供水"))
    parent = book.store(first)
    book.project()
    broken = {"contests": [{"no_row_id": 1}]}
    void = replace(first, answers=broken, parents=(parent,), operation="void", reason="r")
    book.store(void)

    (row,) = book.audit("select * from quarantine")
    assert (row["_entry"], row["_code"]) == (first.entry, "unshowable")
    assert "无法按表单列出" in row["_reason"]
    assert json.loads(row["_answers"]) == broken
    assert book.audit("select * from entries") == []


def test_an_entry_with_one_row_id_twice_stands_in_quarantine_with_all_its_rows(book, contests):
    answers = contests("供水", "铁路")
    answers["contests"][1]["_row"] = answers["contests"][0]["_row"]
    book.hand_in("attachment-2", answers)
    book.hand_in("attachment-2", contests("道路"), unit="jungar")

    (row,) = book.audit("select _code, _answers from quarantine")
    assert row["_code"] == "unshowable"
    assert [each["project"] for each in json.loads(row["_answers"])["contests"]] == ["供水", "铁路"]
    shown = book.audit('select project from "attachment-2-contests"')
    assert shown == [{"project": "道路"}]


def test_a_mended_entry_that_could_not_be_shown_leaves_quarantine(book, contests):
    first = book.revision("attachment-2", {"contests": [{"no_row_id": 1}]})
    parent = book.store(first)
    assert book.audit("select _code from quarantine") == [{"_code": "unshowable"}]

    book.store(replace(first, answers=contests("供水"), parents=(parent,), sequence=7))

    assert book.audit("select * from quarantine") == []
    assert len(book.audit("select * from entries")) == 1


def test_nothing_but_full_text_and_rows_begins_with_the_name_of_a_form(book):
    names = [row["name"] for row in book.audit("select name from sqlite_master where type='table'")]

    for name in names:
        if name.startswith("attachment-2"):
            assert name in {"attachment-2", "attachment-2-contests"} or "_fts" in name


def test_the_cost_of_a_new_entry_does_not_grow_with_what_is_there(book, contests):
    """No statement that a new entry needs looks through a table."""
    for number in range(20):
        book.hand_in("attachment-2", contests(f"项目{number}"))
    book.project()
    statements = []
    source, connection = book.projector._files.source, book.projector._files.connection
    for traced in (source._connection, connection):
        traced.set_trace_callback(statements.append)
    book.hand_in("attachment-2", contests("新"))
    book.project()
    for traced in (source._connection, connection):
        traced.set_trace_callback(None)

    scans = []
    for statement in statements:
        for traced in (source._connection, connection):
            scans += _scans(traced, statement)
    assert statements
    assert scans == []


def _scans(connection, statement):
    if not statement.lower().lstrip().startswith(("select", "update", "delete", "insert")):
        return []
    try:
        plan = connection.execute(f"explain query plan {statement}").fetchall()
    except DatabaseError:  # the statement was for the other file
        return []
    big = ("leaf", "revision", "parent", "object", "attachment-2")
    return [
        (row["detail"], statement)
        for row in plan
        if row["detail"].startswith("SCAN ")
        and row["detail"].split()[1] in big
        and "INDEX" not in row["detail"]
    ]

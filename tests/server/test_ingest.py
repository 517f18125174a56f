"""What becomes of an arriving revision, each item by itself."""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.services import open_services
from sync.canonical import canonical_bytes
from sync.frames import FrameKind, format_frames, make_frame
from sync.messages import ItemState
from sync.revision import MadeAt, format_revision


def push_one(services, frame):
    (result,) = services.ingest.push([frame]).results
    return result


def changed(device, **changes):
    """Return the frame of a revision whose JSON was changed by hand, and signed."""
    value = json.loads(format_revision(device.revision()))
    return device.frame_of(canonical_bytes({**value, **changes}))


def row_of(services, digest):
    with services.readers.read() as connection:
        return connection.execute("SELECT * FROM revision WHERE digest = ?", (digest,)).fetchone()


def count(services, table):
    with services.readers.read() as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # a table named by the test


def test_a_sound_revision_is_logged_with_its_bytes_and_signature(services, device):
    frame = device.frame()

    result = push_one(services, frame)

    assert (result.state, result.code) == (ItemState.LOGGED, None)
    with services.readers.read() as connection:
        stored = connection.execute(
            "SELECT bytes, signature FROM object WHERE digest = ?", (frame.digest,)
        ).fetchone()
        leaf = connection.execute(
            "SELECT kind, object FROM leaf WHERE idx = ?", (result.index,)
        ).fetchone()
    assert tuple(stored) == (frame.payload, frame.signature)
    assert tuple(leaf) == ("revision", frame.digest)


def test_the_row_says_who_made_it_where_and_when(services, device):
    revision = device.revision(
        made_at=MadeAt(datetime(2019, 5, 20, 17, 30, tzinfo=UTC), "+08:00", 1, "boot")
    )

    row = row_of(services, push_one(services, device.frame(revision)).digest)

    assert (row["member"], row["unit"], row["device"]) == (device.member, "north", device.key.id)
    assert (row["made_wall"], row["made_local"]) == (
        "2019-05-20T17:30:00.000Z",
        "2019-05-21T01:30:00+08:00",
    )
    assert row["received_at"] == "2026-11-22T09:00:00.000Z"


def test_bytes_that_do_not_fit_their_digest_are_refused(services, device):
    frame = device.frame()
    damaged = replace(frame, payload=frame.payload.replace(b"put", b"pUt"))

    result = push_one(services, damaged)

    assert (result.state, result.code, result.index) == (ItemState.REFUSED, "bad_digest", None)
    assert not result.temporary


def test_json_in_another_layout_is_refused(services, device):
    value = json.loads(format_revision(device.revision()))

    result = push_one(services, device.frame_of(json.dumps(value, indent=1).encode()))

    assert (result.state, result.code) == (ItemState.REFUSED, "not_canonical")


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":1.5}',
        b"[" * 40 + b"]" * 40,
        b"[" * 100_000,
        b"\xff\xfe",
        b"",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_restricted_json_is_refused(services, device, content):
    result = push_one(services, device.frame_of(content))

    assert (result.state, result.code) == (ItemState.REFUSED, "not_canonical")


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown": 1},
        {"entry": "no uuid"},
        {"operation": "delete"},
        {"answers": []},
        {"attachments": [{"sha256": "ab" * 32, "size": 1, "type": "x"}]},
        {"sequence": -1},
        {"operation": "void"},
        {"made_at": {"wall": "yesterday", "zone": "+08:00", "monotonic_ms": 1, "boot": "b"}},
    ],
)
def test_a_malformed_revision_is_refused_with_the_reason(services, device, changes):
    result = push_one(services, changed(device, **changes))

    assert (result.state, result.code) == (ItemState.REFUSED, "malformed")
    assert result.message


def test_a_frame_of_another_kind_is_refused(services, device):
    result = push_one(services, make_frame(FrameKind.DEFINITION, b"{}"))

    assert (result.state, result.code) == (ItemState.REFUSED, "malformed")


def test_a_revision_that_is_too_large_is_refused(services, device):
    frame = device.frame_of(b'{"a":"' + b"x" * (1024 * 1024) + b'"}')

    result = push_one(services, frame)

    assert (result.state, result.code) == (ItemState.REFUSED, "too_large")


def test_a_revision_for_another_server_is_refused(services, device):
    result = push_one(services, device.frame(device.revision(log="another/log")))

    assert (result.state, result.code) == (ItemState.REFUSED, "other_log")


def test_a_signature_that_does_not_fit_is_refused(services, device):
    frame = device.frame()

    result = push_one(services, replace(frame, signature=bytes(64)))

    assert (result.state, result.code) == (ItemState.REFUSED, "bad_signature")
    assert count(services, "object") == 3


def test_a_revision_of_another_device_needs_that_devices_signature(services, device, enrolled):
    other = enrolled("other")
    content = format_revision(other.revision())

    assert push_one(services, device.frame_of(content)).code == "bad_signature"
    assert push_one(services, other.frame_of(content)).state is ItemState.LOGGED


def test_an_unknown_author_is_kept_in_quarantine(services, stranger):
    result = push_one(services, stranger("nobody").frame())

    assert (result.state, result.code) == (ItemState.QUARANTINED, "author_unknown")
    assert row_of(services, result.digest)["unit"] is None


def test_a_revoked_author_is_kept_in_quarantine(services, device):
    services.revoke(device.key.id)

    result = push_one(services, device.frame())

    assert (result.state, result.code) == (ItemState.QUARANTINED, "author_revoked")
    assert result.index is not None


def test_what_was_logged_before_the_device_was_revoked_stays_logged(services, device):
    frame = device.frame()
    first = push_one(services, frame)
    services.revoke(device.key.id)

    assert push_one(services, frame) == first


def test_revoking_counts_from_its_index_on_even_when_the_check_came_before(services, device):
    # The directory still knows the device as it was: only the writer's thread sees the truth.
    services.directory.device(device.key.id)
    services.directory.forget = lambda: None
    services.revoke(device.key.id)

    assert push_one(services, device.frame()).code == "author_revoked"


def test_a_revision_in_another_members_name_is_kept_in_quarantine(services, device):
    result = push_one(services, device.frame(device.revision(author="somebody")))

    assert (result.state, result.code) == (ItemState.QUARANTINED, "member_mismatch")


def test_broken_rules_put_it_into_quarantine_with_the_violations(services, device):
    revision = device.revision({"title": "一", "count": "many"})

    result = push_one(services, device.frame(revision))

    assert (result.state, result.code) == (ItemState.QUARANTINED, "rules")
    assert [(item.path, item.code) for item in result.violations] == [("count", "type")]
    (kept,) = services.quarantine()
    assert (kept.digest, kept.violations) == (result.digest, result.violations)


def test_many_violations_still_fit_into_an_answer(services, device):
    answers = {"title": "一"} | {f"q{number}" + "长" * 500: 1 for number in range(200)}

    result = push_one(services, device.frame(device.revision(answers)))

    assert result.state is ItemState.QUARANTINED
    assert len(result.violations) == 16
    assert max(len(item.path) for item in result.violations) <= 200


def test_a_clock_at_the_edge_of_the_calendar_stops_nothing(services, device):
    early = MadeAt(datetime(1000, 1, 1, tzinfo=UTC), "-12:00", 1, "boot")
    epoch = MadeAt(datetime(1970, 1, 1, tzinfo=UTC), "-12:00", 1, "boot")
    late = MadeAt(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "+14:00", 1, "boot")

    results = services.ingest.push(
        [device.frame(device.revision(made_at=made_at)) for made_at in (early, epoch, late)]
    ).results

    assert [result.state for result in results] == [
        ItemState.LOGGED,
        ItemState.LOGGED,
        ItemState.REFUSED,
    ]


def test_a_definition_of_another_form_is_kept_in_quarantine(services, device):
    result = push_one(services, device.frame(device.revision(form="another")))

    assert (result.state, result.code) == (ItemState.QUARANTINED, "form_mismatch")


def test_an_entry_of_another_unit_cannot_be_changed(services, device, enrolled):
    first = device.revision()
    push_one(services, device.frame(first))
    other = enrolled("other", unit="south")

    result = push_one(services, other.frame(other.revision(entry=first.entry)))

    assert (result.state, result.code) == (ItemState.QUARANTINED, "entry_of_other_unit")


def test_a_quarantined_revision_does_not_take_an_entry_from_its_unit(services, device, enrolled):
    mine, other = device.revision(), enrolled("other", unit="south")
    push_one(services, other.frame(other.revision({"title": ""}, entry=mine.entry)))

    assert push_one(services, device.frame(mine)).state is ItemState.LOGGED


def test_a_colleague_of_the_same_unit_may_change_an_entry(services, device, enrolled):
    first = device.frame(revision := device.revision())
    push_one(services, first)
    colleague = enrolled("colleague")

    edit = colleague.revision(entry=revision.entry, parents=(first.digest,))

    assert push_one(services, colleague.frame(edit)).state is ItemState.LOGGED
    with services.readers.read() as connection:
        assert connection.execute("SELECT parent FROM parent").fetchone()[0] == first.digest


def test_a_closed_form_takes_nothing_more_but_keeps_it(services, device):
    services.writer.run(
        lambda connection: connection.execute("UPDATE definition SET closed_at = 'now'").rowcount
    )

    result = push_one(services, device.frame())

    assert (result.state, result.code) == (ItemState.QUARANTINED, "form_closed")


def test_voiding_an_entry_needs_a_reason_and_no_answers(services, device):
    revision = device.revision({}, operation="void", reason="报重了")

    assert push_one(services, device.frame(revision)).state is ItemState.LOGGED


@pytest.mark.parametrize(
    "facts", [{"answers": {"count": "abc"}}, {"reasons": {"title": "因故"}}], ids=repr
)
def test_a_withdrawal_that_fills_in_answers_is_kept_in_quarantine(services, device, facts):
    revision = device.revision({}, operation="void", reason="报重了")

    result = push_one(services, device.frame(replace(revision, **facts)))

    assert (result.state, result.code) == (ItemState.QUARANTINED, "rules")
    assert [each.code for each in result.violations] == ["void"]


def test_a_revision_of_the_next_version_is_held(services, device):
    result = push_one(services, changed(device, version=2, something_new=[1]))

    assert (result.state, result.code) == (ItemState.HELD, "newer_version")


@pytest.mark.parametrize(
    "newer", [{"version": 3}, {"version": 2, "operation": "merge"}, {"version": 2, "answers": []}]
)
def test_a_revision_of_a_newer_program_is_never_refused_for_good(services, device, newer):
    result = push_one(services, changed(device, **newer))

    assert (result.state, result.code) == (ItemState.REFUSED, "version")
    assert result.temporary


def test_an_item_never_changes_the_outcome_of_its_neighbours(services, device, stranger):
    good = [device.frame() for _ in range(4)]
    bad = [
        replace(device.frame(), payload=b"{}"),
        device.frame_of(b"[" * 50),
        device.frame(device.revision({"title": ""})),
        stranger("nobody").frame(),
    ]
    mixed = [frame for pair in zip(good, bad, strict=True) for frame in pair]

    results = services.ingest.push(mixed).results

    assert [result.state for result in results[::2]] == [ItemState.LOGGED] * 4
    assert [result.state for result in results[1::2]] == [
        ItemState.REFUSED,
        ItemState.REFUSED,
        ItemState.QUARANTINED,
        ItemState.QUARANTINED,
    ]


def test_an_item_that_the_database_rejects_leaves_the_others_alone(services, device):
    # A trigger put in by hand stands for whatever the database may find wrong with one row.
    services.writer.run(
        lambda connection: (
            connection.execute(
                "CREATE TRIGGER reject BEFORE INSERT ON revision WHEN new.sequence = 2 "
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            ).rowcount
        )
    )
    frames = [device.frame() for _ in range(3)]

    results = services.ingest.push(frames).results

    assert [result.state for result in results] == [
        ItemState.LOGGED,
        ItemState.REFUSED,
        ItemState.LOGGED,
    ]
    assert (results[1].code, results[1].temporary) == ("not_stored", True)
    assert results[2].index == results[0].index + 1
    assert count(services, "object") == 5


def test_the_same_bytes_again_get_the_same_index_state_and_violations(services, device, stranger):
    frames = [
        device.frame(),
        device.frame(device.revision({"title": ""})),
        stranger("nobody").frame(),
        device.frame(device.revision(definition="sha256:" + "0" * 64)),
    ]
    first = services.ingest.push(frames).results

    assert services.ingest.push(frames[::-1]).results[::-1] == first
    assert count(services, "revision") == 4


def test_many_pushes_of_the_same_bytes_at_once_store_them_once(services, device):
    frames = [device.frame() for _ in range(20)]
    start = threading.Barrier(8)

    def push(_):
        start.wait(10)
        return services.ingest.push(frames).results

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(push, range(8)))

    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert count(services, "revision") == 20
    with services.readers.read() as connection:
        indexes = [row[0] for row in connection.execute("SELECT idx FROM leaf ORDER BY idx")]
    assert indexes == list(range(len(indexes)))


_PUSH_AND_DIE = """
import os, signal, sys
from pathlib import Path
from server.config import DataFolder
from server.services import open_services
from sync.frames import parse_frames

services = open_services(DataFolder(Path(sys.argv[1])))
services.writer.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
services.ingest.push(list(parse_frames(sys.stdin.buffer.read())))
"""


def test_a_kill_between_commit_and_answer_doubles_nothing(folder, clock, services, device):

    frames = [device.frame() for _ in range(5)]
    before = count(services, "leaf")
    services.close()

    killed = subprocess.run(
        [sys.executable, "-c", _PUSH_AND_DIE, str(folder.path)],
        input=format_frames(frames),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=False,
    )

    assert killed.returncode == -9
    with open_services(folder, clock) as again:
        results = again.ingest.push(frames).results
        assert [result.index for result in results] == list(range(before, before + 5))
        assert count(again, "leaf") == before + 5

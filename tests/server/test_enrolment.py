"""Invitations, enrolment over HTTP, members, revoking, auditors' sessions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from server.errors import CodeRefusedError, ConflictError, UnknownError
from sync.digest import digest_of
from sync.errors import CodeError
from sync.invitation import is_proof, secret_of
from sync.messages import ChangesAnswer, EnrolAnswer, ItemState, ProblemAnswer, format_message
from sync.request import Request


def test_a_code_enrols_a_device_and_says_who_its_member_is(http, services, stranger):
    device, code = stranger("new"), services.invite("north", "reporter").code

    status, answer = http.enrol(device, code)

    assert status == 200
    assert isinstance(answer, EnrolAnswer)
    assert (answer.device, answer.unit, answer.unit_name) == (device.key.id, "north", "北旗")
    assert (answer.role, answer.log) == ("reporter", services.log)
    assert answer.log_key == services.keys.log.public != answer.answer_key


def test_the_server_proves_that_it_knows_the_secret_and_means_these_keys(http, services, stranger):
    code = services.invite("north", "reporter").code

    _, answer = http.enrol(stranger("new"), code)

    parts = (answer.nonce.encode(), answer.answer_key, answer.log_key)
    assert is_proof(answer.proof, secret_of(code), *parts)


def test_enrolling_again_with_the_same_code_and_key_gives_the_same_member(
    http, services, stranger, clock
):
    device, code = stranger("new"), services.invite("north", "reporter").code
    _, first = http.enrol(device, code)
    clock.pass_by(timedelta(days=30))

    status, second = http.enrol(device, code)

    assert (status, second.member, second.device) == (200, first.member, first.device)
    assert len(services.members()) == 1


def test_a_used_code_enrols_no_other_device(http, services, stranger):
    code = services.invite("north", "reporter").code
    http.enrol(stranger("first"), code)

    status, answer = http.enrol(stranger("second"), code)

    assert (status, answer.code) == (403, "code_used")


def test_a_code_lives_fourteen_days_unless_told_otherwise(http, services, stranger, clock):
    code, long = (
        services.invite("north", "reporter").code,
        services.invite("north", "reporter", lifetime=timedelta(days=60)).code,
    )
    clock.pass_by(timedelta(days=14))

    status, answer = http.enrol(stranger("late"), code)

    assert (status, answer.code) == (403, "code_expired")
    assert http.enrol(stranger("other"), long)[0] == 200


def test_an_unknown_code_and_a_wrong_proof_read_the_same(http, services, stranger):
    device, code = stranger("new"), services.invite("north", "reporter").code
    forged = replace(device.enrol_request(code, "1" * 32), proof=bytes(32))
    body = format_message(forged)

    sent = http.send(Request("POST", "/v1/enrol", "1" * 32, digest_of(body)), body)
    status, answer = http.enrol(device, "00000-00000-00000-00000")

    assert sent.status_code == status == 403
    assert isinstance(answer, ProblemAnswer)
    assert answer.code == "code_unknown"
    assert b"code_unknown" in sent.content


@pytest.mark.parametrize("change", [{"device_name": "别人"}, {"public_key": bytes(32)}])
def test_nothing_that_a_device_asks_can_be_changed_on_the_way(services, stranger, change):
    asked = stranger("new").enrol_request(services.invite("north", "reporter").code)

    with pytest.raises(CodeRefusedError) as caught:
        services.enrol(replace(asked, **change))

    assert caught.value.code == "code_unknown"


@pytest.mark.parametrize("body", [b"", b"{}", b"[" * 9999, b"\xff" * 20_000, b'{"version":1}'])
def test_rubbish_enrols_nobody(http, services, body):
    sent = http.send(Request("POST", "/v1/enrol", "1" * 32, digest_of(body)), body)

    assert sent.status_code in {400, 413}
    assert services.members() == ()


def test_a_device_cannot_become_another_member(services, device):
    code = services.invite("south", "reporter").code

    with pytest.raises(ConflictError) as caught:
        services.enrol(device.enrol_request(code))

    assert caught.value.code == "device_enrolled"


@pytest.mark.parametrize("role", ["organiser", "auditor"])
def test_organisers_and_auditors_belong_to_the_organising_unit(services, role):
    with pytest.raises(ConflictError):
        services.invite("north", role)

    assert services.invite("city", role).role == role


@pytest.mark.parametrize(("unit", "role"), [("nowhere", "reporter"), ("north", "king")])
def test_unknown_units_and_roles_are_refused(services, unit, role):
    with pytest.raises(UnknownError):
        services.invite(unit, role)


def test_the_link_holds_the_code_behind_the_hash(services):
    services.set_address("https://forms.example/base/")

    reporter, auditor = services.invite("north", "reporter"), services.invite("city", "auditor")

    assert reporter.link == f"https://forms.example/base/join#{reporter.code}"
    assert auditor.link == f"https://forms.example/base/audit/sign-in#{auditor.code}"
    assert reporter.code not in repr(reporter)


def test_reissue_gives_a_member_a_further_device(services, device, stranger):
    second = stranger("second")

    known, _ = services.enrol(second.enrol_request(services.reissue(device.member).code))

    assert known.member == device.member
    (member,) = services.members()
    assert [item.id for item in member.devices] == [device.key.id, second.key.id]


def test_a_revoked_member_gets_no_new_code_and_old_ones_open_nothing(services, device, stranger):
    waiting = services.reissue(device.member).code
    services.revoke(device.member)

    with pytest.raises(ConflictError):
        services.reissue(device.member)
    with pytest.raises(CodeRefusedError):
        services.enrol(stranger("second").enrol_request(waiting))


def test_revoking_a_member_revokes_its_devices_once(services, device):
    assert services.revoke(device.member) == (device.key.id,)
    size = services.ingest.push([]).log_size

    services.revoke(device.member)
    services.revoke(device.key.id)

    assert services.ingest.push([]).log_size == size


def test_revoking_somebody_unknown_is_told(services):
    with pytest.raises(UnknownError):
        services.revoke("nobody")


def test_a_revoked_device_pushes_into_quarantine_and_pulls_nothing(http, services, device):
    before = http.pull(device)
    services.revoke(device.key.id)

    pushed, pulled = http.push(device, device.frame()), http.pull(device)

    assert isinstance(before.answer, ChangesAnswer)
    assert pushed.answer.results[0].state is ItemState.QUARANTINED
    assert (pulled.status, pulled.answer.code) == (403, "revoked")


def test_what_is_enrolled_and_revoked_is_in_the_log_without_names(services, device):
    services.revoke(device.member)

    with services.readers.read() as connection:
        leaves = [
            bytes(row["bytes"]).decode()
            for row in connection.execute(
                "SELECT bytes FROM leaf WHERE kind IN ('enrol', 'revoke') ORDER BY idx"
            )
        ]
    assert len(leaves) == 3
    assert all(device.key.id in leaf for leaf in leaves[:2])
    assert not any("张三" in leaf for leaf in leaves)


def test_an_auditors_code_opens_one_session(services):
    code = services.invite("city", "auditor", name="李四").code

    opened = services.open_session(code.lower())

    session = services.find_session(opened.secret)
    assert (session.member_name, session.role) == ("李四", "auditor")
    with pytest.raises(CodeRefusedError) as caught:
        services.open_session(code)
    assert caught.value.code == "code_used"


def test_an_auditors_code_enrols_no_device_and_stays_good(http, services, stranger):
    code = services.invite("city", "auditor").code

    status, answer = http.enrol(stranger("device"), code)

    assert (status, answer.code) == (409, "auditors_code")
    assert services.open_session(code).member


def test_a_reporters_code_opens_no_session_and_stays_good(services, stranger):
    code = services.invite("north", "reporter").code

    with pytest.raises(CodeRefusedError):
        services.open_session(code)
    with pytest.raises(CodeError):
        services.open_session("no code")

    assert services.enrol(stranger("new").enrol_request(code))


def test_a_session_lives_thirty_days_from_its_last_use(services, clock):
    secret = services.open_session(services.invite("city", "auditor").code).secret
    clock.pass_by(timedelta(days=29))
    services.touch_session(secret)
    clock.pass_by(timedelta(days=29))
    assert services.find_session(secret)

    clock.pass_by(timedelta(days=1))

    assert services.find_session(secret) is None


def test_a_session_ends_when_it_is_closed_or_its_member_revoked(services):
    first, second = (
        services.open_session(services.invite("city", "auditor").code) for _ in range(2)
    )

    services.close_session(first.secret)
    services.revoke(second.member)

    assert services.find_session(first.secret) is None
    assert services.find_session(second.secret) is None


def test_the_secret_of_a_session_is_not_in_the_database(services):
    secret = services.open_session(services.invite("city", "auditor").code).secret

    with services.readers.read() as connection:
        (row,) = connection.execute("SELECT * FROM session").fetchall()
    assert secret not in tuple(row)
    assert services.find_session(row["id"]) is None

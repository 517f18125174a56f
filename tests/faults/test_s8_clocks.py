"""S8: clocks that stand still, jump, run backwards, or show any year; nothing depends on them.

Time is evidence: it goes along with what is saved, and decides nothing of what becomes of it.
"""

import json
import random
from datetime import timedelta

import pytest
from faultkit.clockwork import (
    MOMENTS,
    RIGHT,
    ZONES,
    RightTime,
    WildTime,
    lived,
    timely_definition,
)
from faultkit.office import Office, enrolled
from field_device import FieldDevice, write_campaign

from client.clock import EARLIEST, LATEST, Clock
from server.config import DataFolder
from server.errors import CodeRefusedError
from server.founding import init_data
from server.services import open_services
from sync.keys import SigningKey
from sync.revision import format_revision
from sync.times import format_time, format_zone, parse_time, parse_zone


def test_what_comes_of_the_days_is_the_same_by_any_clocks(
    cheap_folder, budget, counts, monkeypatch
):
    steps = 40
    for number in range(budget.of(12, 1000)):
        seed = budget.chance("clocks", number).randrange(2**32)
        outcomes = []
        for name, time in (("right", RightTime()), ("wild", WildTime(random.Random(seed)))):
            folder = cheap_folder / f"{number}-{name}"
            # Both are the same device: where a chain has come to in one, the other is not to know.
            monkeypatch.setenv("TIANBAO_STATE", str(cheap_folder / f"{number}-{name}-state"))
            outcomes.append(lived(folder, seed, steps, time, random.Random(seed)))
        counts.add("steps by wild clocks", steps)
        assert outcomes[0] == outcomes[1]


class Hand:
    """A clock that is set by hand."""

    def __init__(self):
        self.now, self.ticks = RIGHT, 0.0

    def clock(self):
        return Clock(lambda: self.now, lambda: self.ticks)


@pytest.fixture
def server(cheap_folder):
    hand = Hand()
    write_campaign(cheap_folder / "campaign")
    init_data(DataFolder(cheap_folder / "data"), cheap_folder / "campaign", clock=lambda: hand.now)
    with open_services(DataFolder(cheap_folder / "data"), lambda: hand.now) as services:
        yield services, hand


@pytest.mark.parametrize("then", MOMENTS)
@pytest.mark.parametrize("given", [MOMENTS[0], MOMENTS[4], RIGHT, MOMENTS[-1]])
def test_an_invitation_by_any_clock_is_good_or_has_expired_and_another_helps(given, then, server):
    services, hand = server
    hand.now = given
    codes = [services.invite("north", "reporter").code for _ in range(2)]
    device = FieldDevice(SigningKey(bytes(range(32))), services.log)
    hand.now = then

    if then < given + timedelta(days=14):
        assert services.enrol(device.enrol_request(codes[0]))
    else:
        with pytest.raises(CodeRefusedError) as raised:
            services.enrol(device.enrol_request(codes[0]))
        assert raised.value.code == "code_expired"
        assert services.enrol(device.enrol_request(services.invite("north", "reporter").code))


def test_a_session_survives_a_clock_that_jumps_there_and_back(server):
    services, hand = server
    secret = services.open_session(services.invite("city", "auditor").code).secret
    for moment in MOMENTS:
        hand.now = moment
        is_live = services.find_session(secret) is not None
        assert is_live == (moment - timedelta(days=30) < RIGHT)

    hand.now = RIGHT + timedelta(days=1)

    assert services.find_session(secret) is not None


def test_no_clock_that_must_be_wrong_raises_an_alarm_and_days_on_end_do(cheap_folder):
    hand = Hand()
    with (
        Office(cheap_folder) as office,
        enrolled(office, office.url, cheap_folder / "home", hand.clock()) as device,
    ):
        device.rounds.run()
        draft = device.filling.open_blank("visit")
        device.filling.answer(draft, "title", "一", "")
        device.finalize(draft)
        for moment in MOMENTS:
            if not EARLIEST <= moment < LATEST:  # else nobody can know that it jumped there
                hand.now = moment
                assert device.status()["age_alarm"] is None

        hand.ticks += 8 * 86_400

        assert device.status()["age_alarm"] == 7
        assert device.rounds.run()["left"] is False
        assert device.status()["age_alarm"] is None


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_every_time_is_written_so_that_it_is_read_again(moment, zone):
    local = moment.astimezone(zone)

    written = format_time(local)

    assert format_time(parse_time(written)) == written
    assert abs(parse_time(written) - moment) < timedelta(milliseconds=1)
    offset = parse_zone(format_zone(local)).utcoffset(None)
    assert abs(offset - local.utcoffset()) <= timedelta(seconds=30)


def test_a_leap_second_is_refused_where_it_is_no_time_and_keeps_nothing_else_back(server):
    services, _ = server
    device = FieldDevice(SigningKey(bytes(range(32))), services.log)
    code = services.invite("north", "reporter").code
    device.member = services.enrol(device.enrol_request(code))[0].member
    before, after = device.frame(), device.frame()
    leap = format_revision(device.revision()).replace(b"09:00:00.000Z", b"08:59:60.000Z")

    results = services.ingest.push([before, device.frame_of(leap), after]).results

    assert [result.state.value for result in results] == ["logged", "refused", "logged"]


def test_a_leap_second_in_an_answer_is_told_to_the_person(cheap_folder):
    form = json.loads(timely_definition())
    form["survey"].append({"type": "datetime", "name": "when", "label": {"zh-CN": "何时"}})
    with Office(cheap_folder) as office:
        office.services.publish(json.dumps(form, ensure_ascii=False).encode())
        with enrolled(office, office.url, cheap_folder / "home") as device:
            device.rounds.run()

            done = device.adder.add(
                "visit", {"title": "一", "when": "2016-12-31T23:59:60.000+00:00"}, cheap_folder
            )

            assert [each["path"] for each in done["violations"]] == ["when"]

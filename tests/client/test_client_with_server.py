"""The client and the real server, joined by real HTTP: the way of an entry from end to end."""

from pathlib import Path

import pytest

from client.enrol import Invitation, enrol
from client.errors import RefusedError
from client.services import open_services
from forms.example import Wish, examples
from server.admission import body_limits
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.listener import Listener, bind
from server.services import open_services as open_server

CAMPAIGN = Path(__file__).parents[2] / "forms" / "ordos-2019"


@pytest.fixture
def server(tmp_path):
    folder = DataFolder(tmp_path / "data")
    init_data(folder, CAMPAIGN)
    with open_server(folder) as opened:
        bound, limits = bind("127.0.0.1", 0), body_limits(opened)
        listener = Listener(create_app(opened), bound, threads=4, body_limit=limits)
        listener.start()
        opened.set_address(f"http://127.0.0.1:{listener.port}")
        yield opened
        listener.stop(drain=1)


@pytest.fixture
def device(server, home):
    code = server.invite("dongsheng", "reporter", name="张三").code
    with open_services(home) as services:
        enrol(services, Invitation(server.address, code))
        services.rounds.run()
        yield services


FORMS = ("attachment-1", "attachment-2", "implementation-plan", "progress-report")


def examples_of(device, form, count=3):
    compiled = device.definitions.compiled(device.definitions.latest(form))
    spec = compiled.form.instances
    return examples(
        compiled,
        Wish(seed=1, count=count, rows=2, files=True),
        device.clock.now(),
        lambda name: device.replica.items(spec[name]),
    )


def add(device, form, folder):
    outcomes = [device.adder.add(form, answers, folder) for answers in examples_of(device, form)]
    assert all("entry" in outcome for outcome in outcomes), outcomes
    return [outcome["entry"] for outcome in outcomes]


@pytest.fixture
def files(tmp_path):
    """A folder with the files that examples name."""
    for suffix in ("doc", "docx", "pdf", "png", "jpg"):
        (tmp_path / f"example.{suffix}").write_bytes(f"sample {suffix}".encode())
    return tmp_path


def test_every_form_of_the_campaign_is_delivered_files_too(device, files):
    entries = [entry for form in FORMS for entry in add(device, form, files)]

    done = device.rounds.run()

    assert done["left"] is False
    assert [device.entry(entry)["state"] for entry in entries] == ["delivered"] * len(entries)


def test_a_registered_contest_can_be_reported_on_offline(device, files):
    add(device, "attachment-2", files)
    report = device.filling.open_blank("progress-report", "zh-CN")

    states = device.filling.view(report, "zh-CN")["states"]

    (choices,) = [state["choices"] for state in states if state["path"] == "about/contest"]
    assert len(choices) == 6


def test_a_revoked_device_is_told_and_its_entries_are_looked_at(device, server, files):
    server.revoke(device.device.key.id)
    entries = add(device, "attachment-2", files)

    assert device.rounds.run()["problem"]["code"] == "revoked"
    assert {device.entry(entry)["state"] for entry in entries} == {"quarantined"}


def test_a_used_code_and_an_unknown_one_are_refused(server, tmp_path):
    code = server.invite("dongsheng", "reporter").code
    with open_services(tmp_path / "first") as services:
        enrol(services, Invitation(server.address, code))

    with open_services(tmp_path / "second") as services, pytest.raises(RefusedError) as caught:
        enrol(services, Invitation(server.address, code))

    assert caught.value.code == "code_used"

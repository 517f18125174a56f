import base64
import json
from contextlib import closing

import pytest

from server.commands import COMMANDS, Workplace, run, run_command
from server.db import open_reader
from server.errors import UnknownError
from server.projection.projector import Projector
from sync.frames import format_frame

INVITATION = {"unit": "north", "role": "reporter", "name": "张三", "days": 14}


@pytest.fixture
def workplace(services, folder):
    with closing(Projector(folder.log_db, folder.audit_db)) as projector:
        yield Workplace(services, projector)


def encoded(content):
    return {"content": base64.b64encode(content).decode()}


def question(folder, sql):
    with closing(open_reader(folder.audit_db)) as reader:
        return [tuple(row) for row in reader.execute(sql)]


def test_what_every_command_gives_can_be_handed_to_another_process(workplace, device, tmp_path):
    workplace.services.ingest.push([device.frame(device.revision({}))])
    (tmp_path / "journal").write_bytes(format_frame(device.frame()))
    params = {
        "import": {"path": str(tmp_path / "journal"), "answer": None},
        "arrived": {"limit": 20},
        "invite": INVITATION,
        "reissue": {"member": device.member},
        "revoke": {"name": device.member},
        "publish": encoded(b""),
        "units": encoded(b""),
    }

    for command in sorted(COMMANDS.keys() - {"publish", "units"}):
        result = run(workplace, command, params.get(command, {}))
        assert json.loads(json.dumps(result)) is not None, command


def test_a_command_that_nobody_knows_is_refused(workplace):
    with pytest.raises(UnknownError, match="dance"):
        run(workplace, "dance", {})


def test_a_published_form_has_its_tables_when_the_command_returns(workplace, folder, campaign_dir):
    definition = json.loads((campaign_dir / "visit.json").read_bytes())
    definition["settings"] |= {"form_id": "second", "version": "1"}

    published = run(workplace, "publish", encoded(json.dumps(definition).encode()))

    assert published["form_id"] == "second"
    assert question(folder, "SELECT count(*) FROM second") == [(0,)]


def test_members_are_listed_with_their_devices_and_without_keys(workplace, device):
    (member,) = run(workplace, "members", {})

    assert member["unit"] == "north"
    assert [one["id"] for one in member["devices"]] == [device.key.id]
    assert "public_key" not in member["devices"][0]


def test_a_revoked_member_is_shown_with_its_devices(workplace, device):
    devices = run(workplace, "revoke", {"name": device.member})

    (member,) = run(workplace, "members", {})
    assert devices == [device.key.id]
    assert member["revoked_at"]
    assert member["devices"][0]["revoked_at"]


def test_the_quarantine_says_which_rules_are_broken(workplace, device):
    broken = device.revision({})
    workplace.services.ingest.push([device.frame(broken)])

    (item,) = run(workplace, "quarantine", {})

    assert item["entry"] == broken.entry
    assert item["code"] == "rules"
    assert [violation["code"] for violation in item["violations"]] == ["required"]


def test_a_code_for_a_further_device_is_for_the_same_member(workplace, device, stranger):
    given = run(workplace, "reissue", {"member": device.member})
    second = stranger("second device")

    enrolled, _ = workplace.services.enrol(second.enrol_request(given["code"]))

    assert enrolled.member == device.member


def test_a_command_alone_does_what_it_does_beside_a_server(folder):
    given = run_command(folder, "invite", INVITATION)

    assert given["unit"] == "north"
    assert given["code"] in given["link"]

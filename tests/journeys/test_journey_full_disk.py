"""Disks that take no more bytes: the system refuses every write of a process to a file."""

import json
import sys

import pytest

if sys.platform != "linux":
    pytest.skip("limits a running process", allow_module_level=True)

import resource

FULL, ROOM = 0, resource.RLIM_INFINITY


def set_room(process, limit):
    """Let every further write to a file fail, or go through again."""
    hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, hard))


def fill_up():
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL, FULL))


def test_a_server_whose_disk_is_full_loses_nothing_and_goes_on_when_there_is_room(
    organiser, enrolled, examples
):
    first = enrolled.add("attachment-2", examples[:2])
    enrolled.sync()
    set_room(organiser.program.process, FULL)

    second = enrolled.add("attachment-2", examples[2:4])
    told = enrolled.sync(check=False)
    assert told.returncode == 1
    assert {enrolled.entries()[entry] for entry in second} == {"saved"}
    set_room(organiser.program.process, ROOM)
    enrolled.sync()

    assert enrolled.entries() == dict.fromkeys([*first, *second], "delivered")
    rows = organiser.audit('SELECT _entry FROM "attachment-2"')
    assert {row[0] for row in rows} == {*first, *second}


def test_a_command_of_the_organiser_on_a_full_disk_is_a_clear_error(organiser):
    organiser.start()
    set_room(organiser.program.process, FULL)
    refused = organiser.call("invite", "jungar", "reporter", check=False)
    set_room(organiser.program.process, ROOM)

    assert refused.returncode == 1
    assert refused.stderr.startswith("Error:")
    assert "Traceback" not in refused.stderr
    assert organiser.invite()["code"]


def test_a_device_whose_disk_is_full_says_so_and_keeps_what_it_had(enrolled, examples):
    first = enrolled.add("attachment-2", examples[:2])

    refused = enrolled.call(
        "add",
        "attachment-2",
        "-",
        input=json.dumps(examples[2]),
        check=False,
        preexec_fn=fill_up,
    )
    third = enrolled.add("attachment-2", examples[3:4])

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith("Error:")
    assert enrolled.entries() == dict.fromkeys([*first, *third], "saved")

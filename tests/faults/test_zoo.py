"""The zoo: each bug is put into the product and has to be caught by the suite that is named here.

A suite that cannot fail is no evidence. The bugs of merging stand with their suite, in
`test_s9_merge.py`, for they need no process of their own.
"""

import shutil

import pytest
from faultkit.power_loss import Setting, under_device, under_server
from faultkit.running import run_kit
from faultkit.zoo import BUGS

POWER_LOSS = {
    "server_flushes_only_at_checkpoints": under_server,
    "server_never_flushes": under_server,
    "server_answers_before_the_commit": under_server,
    "client_never_flushes_its_database": under_device,
    "client_journal_is_not_flushed": under_device,
    "client_forgets_the_folder_of_a_new_segment": under_device,
}
KILLS = {"client_says_saved_before_the_commit": "ClientWork"}
SIMULATION = (
    "client_believes_a_portal",
    "client_deletes_after_sending",
    "client_delivers_what_it_sends",
    "client_forgets_which_log_it_followed",
    "client_gives_up_when_nobody_answers",
    "client_goes_on_with_a_copy",
    "client_queues_by_the_wall_clock",
    "conflicts_are_not_listed",
    "heads_are_ordered_by_arrival",
    "last_writer_wins",
)

needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="the recording is strace's")


def test_every_bug_of_the_zoo_has_a_suite():
    assert {*POWER_LOSS, *KILLS, *SIMULATION} == set(BUGS)


@needs_strace
@pytest.mark.parametrize("bug", POWER_LOSS)
def test_a_loss_of_power_shows_it(bug, tmp_path, cheap_folder, budget, counts):
    setting = Setting(tmp_path, cheap_folder / "after", length=8, disks=3_000, bug=bug)

    found = any(POWER_LOSS[bug](setting, budget.chance(bug)))

    counts.add("bugs caught by a loss of power")
    assert found


@pytest.mark.parametrize("bug", KILLS)
def test_a_kill_shows_it(bug, cheap_folder, counts):
    found = run_kit("killing", KILLS[bug], cheap_folder, 1, 100, bug)

    counts.add("bugs caught by kills")
    assert found["broken"]


@pytest.mark.parametrize("bug", SIMULATION)
def test_the_simulation_shows_it(bug, cheap_folder, counts):
    found = run_kit("simulate", cheap_folder, 1, 12, 25, "harsh", bug)

    counts.add("bugs caught by the simulation")
    assert found["broken"]

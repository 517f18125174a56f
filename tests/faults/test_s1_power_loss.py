"""S1: the power fails at any moment; what was promised is there, and nothing that was never sent.

Real writes and flushes of the real product are recorded, then replayed with any subset of those
that were not flushed (`faultkit.disk` says by which model). A virtual file system below SQLite would
see the database alone, and another SQLite than the one that is shipped; the recording sees the
journal, the attached files and their folders too, in the order in which they really happened.
"""

import pytest
from faultkit.disk import put, states
from faultkit.server_oracle import ServerPromises
from faultkit.server_work import KEY
from faultkit.trace import read_files, record
from field_device import FieldDevice, write_campaign

from server.config import DataFolder
from server.founding import init_data
from server.services import open_services
from sync.keys import SigningKey


@pytest.fixture
def data(tmp_path):
    """Return a server's folder with one device enrolled, and the device's member."""
    write_campaign(tmp_path / "campaign")
    folder = DataFolder(tmp_path / "data")
    init_data(folder, tmp_path / "campaign")
    with open_services(folder) as services:
        device = FieldDevice(SigningKey(KEY), services.log)
        known, _ = services.enrol(device.enrol_request(services.invite("north", "reporter").code))
    return folder.path, known.member


@pytest.mark.parametrize("part", [0, 1])
def test_the_server_keeps_its_word_through_any_loss_of_power(
    data, cheap_folder, budget, counts, part
):
    folder, member = data
    lives, wanted = budget.of(1, 40), budget.of(1_200, 150_000)
    for life in range(lives):
        chance = budget.chance("server", part, life)
        before = read_files(folder)
        steps = record(
            folder, "-m", "faultkit.server_work", folder, member, chance.randrange(2**32), 5
        )
        promises = ServerPromises()

        for files in states(before, steps, promises.hear, chance, wanted // lives):
            counts.add("power-loss states of the server")
            put(cheap_folder, files)
            assert promises.broken_by(cheap_folder) == []

"""S1: the power fails at any moment; what was promised is there, and nothing that was never sent.

Real writes and flushes of the real product are recorded, then replayed with any subset of those
that were not flushed (`faultkit.disk` says by which model). A virtual file system below SQLite would
see the database alone, and another SQLite than the one that is shipped; the recording sees the
journal, the attached files and their folders too, in the order in which they really happened.
"""

import hashlib
import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest
from faultkit.disk import Disk, states
from faultkit.server_work import KEY
from faultkit.trace import read_files, record
from field_device import FieldDevice, write_campaign

from server.config import DataFolder
from server.db import open_writer
from server.founding import init_data
from server.services import open_services
from sync.keys import SigningKey

MEMORY = Path("/dev/shm")


@pytest.fixture
def place(tmp_path):
    """Return a folder where files are cheap."""
    if not MEMORY.is_dir():
        return tmp_path / "after"
    folder = (
        MEMORY / f"tianbao-{tmp_path.name}-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:8]}"
    )
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


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


class ServerPromises:
    """What the server has promised so far, and what it was ever sent."""

    def __init__(self):
        self.sent = set()
        self.files_sent = set()
        self.logged = {}
        self.files = {}

    def hear(self, mark):
        word, *rest = mark.decode().split()
        if word == "sent":
            self.sent.add(rest[0])
        elif word == "sent-file":
            self.files_sent.add(rest[0])
        elif word == "file":
            self.files[rest[0]] = int(rest[1])
        elif word == "logged":
            self.logged[rest[0]] = int(rest[1])

    def broken_by(self, folder):
        """Return what of the promises a folder does not keep after the power came back."""
        with closing(open_writer(folder / "log.db")) as connection:
            broken = [*self._of_log(connection)]
        for path in (folder / "blobs").glob("??/*"):
            if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
                broken.append(f"the file {path.name} is not what its name says")
        broken += [
            f"the file {sha256} is gone"
            for sha256 in self.files
            if not (folder / "blobs" / sha256[:2] / sha256).is_file()
        ]
        return broken

    def _of_log(self, connection):
        if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            yield "log.db is damaged"
        found = defaultdict(list)
        for row in connection.execute(
            "SELECT revision.digest, idx, bytes FROM revision LEFT JOIN object USING (digest)"
        ):
            found[row["digest"]].append(row["idx"])
            if "sha256:" + hashlib.sha256(row["bytes"]).hexdigest() != row["digest"]:
                yield f"the revision {row['digest']} has other bytes"
        for digest, index in self.logged.items():
            if found[digest] != [index]:
                yield f"the revision {digest} was logged at {index}, and is at {found[digest]}"
        for digest in found.keys() - self.sent:
            if found[digest]:
                yield f"nobody sent the revision {digest}"
        files = dict(connection.execute("SELECT sha256, idx FROM attachment").fetchall())
        for sha256, index in self.files.items():
            if files.get(sha256) != index:
                yield f"the file {sha256} is not in the log at {index}"
        count, last = connection.execute("SELECT count(*), max(idx) FROM leaf").fetchone()
        if count != last + 1:
            yield "the log has a gap"


@pytest.mark.parametrize("part", [0, 1])
def test_the_server_keeps_its_word_through_any_loss_of_power(data, place, budget, counts, part):
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
            broken = check(place, files, promises)
            assert broken == []


def check(place, files, promises):
    """Put files where the product finds them, and ask what of its promises it does not keep."""
    shutil.rmtree(place, ignore_errors=True)
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    try:
        return promises.broken_by(place)
    except sqlite3.Error as error:
        return [str(error)]

"""Lets the power fail under the server or a device, and yields what of their promises is broken.

Each loss of power gives one disk; for it a list of broken promises is yielded, empty if all are kept.
"""

from dataclasses import dataclass
from pathlib import Path

from faultkit import client_work
from faultkit.client_oracle import ClientPromises
from faultkit.disk import put, states
from faultkit.randomness import seeded_randomness
from faultkit.server_oracle import ServerPromises
from faultkit.trace import read_files, record
from faultkit.works import ServerWork

from client.db import Database
from client.settings import read_setting


@dataclass(frozen=True)
class Setting:
    """Where a work is done and where the disks after the loss are put, and how long it is."""

    work: Path
    after: Path
    length: int
    disks: int
    bug: str | None = None


def under_server(setting, chance):
    """Lose power under a server that takes pushes and files."""
    work = ServerWork(setting.work)
    with seeded_randomness(chance.random()):
        work.prepare()
    member = (setting.work / "member").read_text()
    arguments = ("faultkit.server_work", work.folder.path, member)
    yield from _lose(setting, chance, work.folder.path, arguments, ServerPromises())


def under_device(setting, chance):
    """Lose power under a device that fills in, saves and hands over."""
    with seeded_randomness(chance.random()):
        client_work.prepare(setting.work)
    home = setting.work / "home"
    db = Database(home / "client.db")
    promises = ClientPromises(read_setting(db, "incarnation_file"))
    db.close()
    yield from _lose(setting, chance, home, ("faultkit.client_work", setting.work), promises)


def _lose(setting, chance, folder, arguments, promises):
    before = read_files(folder)
    program = ("-m", *(("faultkit.zoo", setting.bug) if setting.bug else ()), *arguments)
    program += (chance.randrange(2**32), setting.length)
    steps = record(folder, *program, may_fail=setting.bug is not None)
    for files in states(before, steps, promises.hear, chance, setting.disks):
        put(setting.after, files)
        yield promises.broken_by(setting.after)

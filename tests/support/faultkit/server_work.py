"""What a server does while the power may fail: takes pushes and files, and says what it promised.

python -m faultkit.server_work DATA KEY SEED ROUNDS
"""

import hashlib
import os
import random
import sys
from pathlib import Path

from faultkit.randomness import seeded_randomness
from field_device import FieldDevice

from server.config import DataFolder
from server.services import open_services
from server.uploads import Chunk
from sync.keys import SigningKey

KEY = bytes(range(32))


def main(folder, member, seed, rounds):
    chance = random.Random(seed)
    with (
        (Path(folder) / "marks").open("ab", buffering=0) as marks,
        open_services(DataFolder(Path(folder))) as services,
    ):
        device = FieldDevice(SigningKey(KEY), services.log, member)
        for _ in range(rounds):
            _push(services, device, chance, marks)
            _attach(services, device, chance, marks)


def _push(services, device, chance, marks):
    revisions = [
        device.revision({"title": chance.randbytes(chance.randrange(1, 2000)).hex()})
        for _ in range(chance.randrange(1, 12))
    ]
    frames = [device.frame(revision) for revision in revisions]
    for frame in frames:
        _say(marks, "sent", frame.digest)
    for result in services.ingest.push(frames).results:
        _say(marks, result.state.value, f"{result.digest} {result.index}")


def _attach(services, device, chance, marks):
    content = chance.randbytes(chance.randrange(1, 40_000))
    sha256 = hashlib.sha256(content).hexdigest()
    photo = {"sha256": sha256, "size": len(content), "type": "image/png", "name": "a.png"}
    frame = device.frame(device.revision({"title": "照", "photo": photo}))
    _say(marks, "sent", frame.digest)
    services.ingest.push([frame])
    _say(marks, "sent-file", sha256)
    unit = services.directory.device(device.key.id).unit
    reached = 0
    while isinstance(reached, int):
        chunk = content[reached : reached + chance.randrange(1024, 20_000)]
        reached = services.store_chunk(unit, Chunk(sha256, reached, len(content), chunk))
        if isinstance(reached, int):
            _say(marks, "offset", f"{sha256} {reached}")
    _say(marks, "file", f"{sha256} {reached.index}")


def _say(marks, word, text):
    os.write(marks.fileno(), f"{word} {text}\n".encode())


if __name__ == "__main__":
    with seeded_randomness(int(sys.argv[3])):
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))

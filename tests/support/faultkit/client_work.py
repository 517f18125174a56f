"""What a device does while the power may fail: fills in, saves, hands over; and what it promised.

python -m faultkit.client_work PLACE SEED ENTRIES   (PLACE/home is the device's, PLACE/data the server's)
"""

import io
import os
import random
import sys
from contextlib import ExitStack
from pathlib import Path

from faultkit.randomness import seeded_randomness
from faultkit.way import Network, Way
from field_device import write_campaign

from client.enrol import Invitation, enrol
from client.services import open_services as open_home
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.services import open_services as open_server


def prepare(place):
    """Make a server and an enrolled home that has the forms."""
    write_campaign(place / "campaign")
    init_data(DataFolder(place / "data"), place / "campaign")
    with ExitStack() as stack:
        services, server = _open(place, stack)
        code = server.invite("north", "reporter").code
        enrol(services, Invitation("http://office.example", code), services.rounds._connect(None))
        services.rounds.run()


def main(place, seed, entries):
    chance = random.Random(seed)
    with (place / "home" / "marks").open("ab", buffering=0) as marks, ExitStack() as stack:
        services, _ = _open(place, stack)
        for number in range(entries):
            _one_entry(services, chance, marks)
            if number % 4 == 3:
                services.rounds.run()
                _say_delivered(services, marks)


def _open(place, stack):
    server = stack.enter_context(open_server(DataFolder(place / "data")))
    network = Network(create_app(server), None, is_healed=True)
    services = stack.enter_context(open_home(place / "home", connect=lambda _: Way(network)))
    return services, server


def _one_entry(services, chance, marks):
    draft = services.filling.open_blank("visit")
    _say(marks, "opened", draft)
    title = chance.randbytes(chance.choice((4, 400, 4000))).hex()
    services.filling.answer(draft, "title", title, "")
    services.filling.save_changed()
    _say(marks, "draft", f"{draft} {title[:16]}")
    if chance.random() < 0.3:
        photo = io.BytesIO(chance.randbytes(chance.randrange(1, 9000)))
        services.filling.attach(draft, "photo", photo, "a.png", "image/png")
    if chance.random() < 0.1:
        _say(marks, "discarding", draft)
        services.filling.discard(draft)
        return
    _say(marks, "finalizing", draft)
    done = services.filling.finalize(draft)
    _say(marks, "saved", f"{draft} {done['revision']}")


def _say_delivered(services, marks):
    for row in services.db.rows("SELECT digest FROM revision WHERE state = 'delivered'"):
        _say(marks, "delivered", row["digest"])


def _say(marks, word, text):
    os.write(marks.fileno(), f"{word} {text}\n".encode())


if __name__ == "__main__":
    with seeded_randomness(int(sys.argv[2])):
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

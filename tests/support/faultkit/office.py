"""The real server on a real port, and devices that reach it by whatever stands between."""

from contextlib import ExitStack, contextmanager

from field_device import write_campaign

from client.clock import SYSTEM_CLOCK
from client.enrol import Invitation, enrol
from client.services import open_services as open_home
from client.transport import HttpTransport
from server.admission import body_limits
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.listener import Listener, bind
from server.services import open_services as open_server


class Office:
    """A server in this process; it can be stopped and started again at the same address."""

    def __init__(self, place, threads=2):
        self.folder = DataFolder(place / "data")
        self.port = 0
        self._threads = threads
        self._running = ExitStack()
        if not (place / "campaign").exists():
            write_campaign(place / "campaign")
        init_data(self.folder, place / "campaign")

    def __enter__(self):
        self.services = self._running.enter_context(open_server(self.folder))
        bound = self._running.enter_context(bind("127.0.0.1", self.port))
        app, limits = create_app(self.services), body_limits(self.services)
        listener = Listener(app, bound, threads=self._threads, body_limit=limits)
        listener.start()
        self.port = listener.port
        self._running.callback(listener.stop, drain=1)
        return self

    def __exit__(self, *_):
        self._running.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def logged(self):
        """Return where each revision stands in the log; each stands there once."""
        with self.services.readers.read() as connection:
            rows = connection.execute(
                "SELECT object AS digest, idx FROM leaf WHERE kind = 'revision'"
            ).fetchall()
        found = {row["digest"]: row["idx"] for row in rows}
        assert len(found) == len(rows), "a revision stands in the log twice"
        return found

    def files(self):
        """Return the attached files that the server has."""
        with self.services.readers.read() as connection:
            rows = connection.execute("SELECT sha256 FROM attachment").fetchall()
        assert len(rows) == len({row["sha256"] for row in rows})
        return {row["sha256"] for row in rows}


@contextmanager
def enrolled(office, url, home, clock=SYSTEM_CLOCK, unit="north"):
    """Open a home that is enrolled, by the good way, and then goes by `url`."""
    code = office.services.invite(unit, "reporter").code
    connect = lambda _: HttpTransport(url)  # noqa: E731 - a way, not a name worth having
    with open_home(home, clock, connect=connect) as services:
        enrol(services, Invitation(office.url, code))
        yield services

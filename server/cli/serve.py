"""`tianbao-server serve`: run the server."""

import gc
import logging
import signal
import sys
from threading import Event
from types import FrameType

import click

from server.children import watch_parent
from server.cli._data import data_option
from server.cli._output import example, say, show
from server.config import DataFolder
from server.serve import ServeOptions, own_name
from server.serve import serve as run_server

_YOUNG_OBJECTS = 20_000
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@click.command(epilog=example("serve", "serve --host 0.0.0.0 --port 8000 --url https://t.example/"))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--url", help="Public address, where a proxy with TLS stands before the server.")
@click.option("--no-audit", is_flag=True, help="Leave the auditors' pages out.")
@click.option("--exit-with-parent", is_flag=True, hidden=True)
@data_option
def serve(
    host: str,
    port: int,
    url: str | None,
    no_audit: bool,
    exit_with_parent: bool,
    folder: DataFolder,
) -> None:
    """Run the server: it is ready once it has printed its address."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    if is_plain_to_others(host, url):
        say(
            "Warning: other computers reach this server by plain http: whoever stands between can "
            "read what is handed in. Put a proxy with TLS before it, and name it with --url."
        )
    if not url and own_name(host) != host:
        say(
            f"Warning: invitation links will name {own_name(host)}, which opens them on this computer "
            "only. Give the address that others reach this server at with --url."
        )
    stop = Event()
    stop_on_signals(stop)
    if exit_with_parent:
        watch_parent(stop.set)
    # All threads busy for a moment is no trouble: what waits is answered in its turn.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    run_server(folder, ServeOptions(host, port, url, not no_audit), stop, _announce)
    say("The server has stopped.")


def _announce(address: str) -> None:
    """Print the address. What is loaded by now stays, and is not searched for garbage any more."""
    gc.collect()
    gc.freeze()
    # A request makes thousands of objects that are gone before anybody has to look for them.
    gc.set_threshold(_YOUNG_OBJECTS)
    show(address)


def is_plain_to_others(host: str, url: str | None) -> bool:
    """Say whether other computers reach the server, and nothing says that TLS is before it."""
    return not (url or "").startswith("https:") and host not in _LOOPBACK


def stop_on_signals(stop: Event) -> None:
    """Set an event on Ctrl-C or SIGTERM; the second time, end at once."""

    def handle(number: int, _: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)

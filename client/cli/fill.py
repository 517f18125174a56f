"""`tianbao fill`: fill in forms in the browser; what is saved is handed over in the background."""

import webbrowser
from pathlib import Path

import click

from client.cli._output import example, say, show, warn
from client.serving import serving
from client.worker import end_with_parent


@click.command(epilog=example("fill", "fill --port 8620 --no-browser"))
@click.option("--port", type=click.IntRange(0, 65535), help="Port on this computer; 0 for any.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option("--server", metavar="URL", help="The server's new address, if it has moved.")
@click.option("--exit-with-parent", is_flag=True, hidden=True)
@click.pass_obj
def fill(
    home: Path, port: int | None, no_browser: bool, server: str | None, exit_with_parent: bool
) -> None:
    """Serve the pages on this computer, and sync in the background, until Ctrl-C."""
    with serving(home, port, server=server) as running:
        say("Open this address in a browser on this computer (Ctrl-C ends):")
        show(running.launch.address)
        warn(running.services.status()["warnings"])
        if exit_with_parent:
            end_with_parent()
        if not no_browser:
            webbrowser.open(running.launch.address_once)
        running.run()

"""How long the client takes to its first page, and how much memory client and server hold.

python tests/benchmarks/start.py
"""

import statistics
import tempfile
import time
import urllib.request
from pathlib import Path

from stage import command, resident_megabytes, stage, start

FIRST_PAGE_SECONDS = 1.5
CLIENT_MEGABYTES = 60
SERVER_MEGABYTES = 150
RUNS = 5
IDLE_SECONDS = 5


def main() -> None:
    """Run the benchmark and print its figures."""
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder), audit=True) as place:
        home = str(place.folder / "home")
        seconds, memory = zip(*(_first_page(home) for _ in range(RUNS)), strict=True)
        page = statistics.median(seconds)
        print(
            f"start: first page after {page:.2f} s, {page / FIRST_PAGE_SECONDS:.2f} of the limit of {FIRST_PAGE_SECONDS} s"
        )
        held = statistics.median(memory)
        print(
            f"start: idle client {held:.0f} MB, {held / CLIENT_MEGABYTES:.2f} of the limit of {CLIENT_MEGABYTES} MB"
        )
        held = resident_megabytes(place.server.pid)
        print(
            f"start: server with Datasette {held:.0f} MB, {held / SERVER_MEGABYTES:.2f} of the limit of {SERVER_MEGABYTES} MB"
        )


def _first_page(home: str) -> tuple[float, float]:
    """Start the client; return the seconds to its first page, and its memory when idle."""
    began = time.monotonic()
    process, url = start(command("tianbao", "--home", home, "fill", "--port", "0", "--no-browser"))
    try:
        with urllib.request.urlopen(url.partition("#")[0]) as page:  # noqa: S310  # loopback
            page.read()
        seconds = time.monotonic() - began
        time.sleep(IDLE_SECONDS)  # idle is what is measured
        return seconds, resident_megabytes(process.pid)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()

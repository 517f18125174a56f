"""A real server and an enrolled client in a folder of their own, for benchmarks.

Everything is started by the commands that people use; nothing of the product is imported.
"""

import json
import os
import queue
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CAMPAIGN = ROOT / "forms" / "ordos-2019"
_BIN = Path(sys.executable).parent
START_SECONDS = 60


@dataclass(frozen=True)
class Stage:
    """A folder with a server's data and a client's home, and the server's process."""

    folder: Path
    server: subprocess.Popen[str]
    url: str

    def client(self, *words: str, stdin: str | None = None, home: str = "home") -> str:
        """Run a `tianbao` command on a device and return what it printed."""
        return run(command("tianbao", "--home", str(self.folder / home), *words), stdin=stdin)

    def add_client(self, home: str) -> None:
        """Enrol one more device."""
        self.client("enrol", self.url, self.invite("jungar"), home=home)
        self.client("sync", home=home)

    def admin(self, *words: str) -> str:
        """Run a `tianbao-server` command and return what it printed."""
        return run(command("tianbao-server", "--data", str(self.folder / "data"), *words))

    def invite(self, unit: str, name: str = "李工") -> str:
        """Return a one-time code for a new reporter of a unit."""
        given = self.admin("invite", unit, "reporter", "--name", name, "--json")
        return str(json.loads(given)["code"])

    @property
    def audit_db(self) -> Path:
        """Return the file that Datasette reads."""
        return self.folder / "data" / "audit.db"


def command(name: str, *words: str) -> list[str]:
    """Return the command line of one of the product's commands."""
    return [str(_BIN / name), *words]


def run(words: Sequence[str], *, stdin: str | None = None) -> str:
    """Run a command to its end and return what it printed; fail with its errors."""
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stderr}")
    return done.stdout


@contextmanager
def stage(folder: Path, *, audit: bool = False) -> Iterator[Stage]:
    """Start a server with the sample campaign, enrol one client, and stop both at the end."""
    data = folder / "data"
    os.environ["TIANBAO_STATE"] = str(folder / "state")
    run(command("tianbao-server", "--data", str(data), "init", "--campaign", str(CAMPAIGN)))
    serve = command("tianbao-server", "--data", str(data), "serve", "--port", "0")
    server, url = start(serve if audit else [*serve, "--no-audit"])
    try:
        place = Stage(folder, server, url)
        place.client("enrol", url, place.invite("jungar"))
        place.client("sync")
        yield place
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def start(words: Sequence[str]) -> tuple[subprocess.Popen[str], str]:
    """Start a command that serves; return it with the address that it prints when ready."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read_lines, args=(process, lines), daemon=True).start()
    while True:
        line = lines.get(timeout=START_SECONDS).strip()
        if line.startswith("http://"):
            return process, line


def _read_lines(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)


def examples(count: int, rows: int = 5) -> list[str]:
    """Return so many filled copies of attachment 2, one JSON text each, from 50 different ones."""
    form = CAMPAIGN / "attachment-2.json"
    words = ("form", "example", str(form), "--rows", str(rows), "--count", "50", "--seed", "1")
    different = run(command("tianbao", *words)).splitlines()
    return [different[number % len(different)] for number in range(count)]


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used so far; Linux only."""
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def children_seconds() -> float:
    """Return the processor time of the commands that were run to their end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of a process and of its children; Linux only."""
    status = Path(f"/proc/{pid}/status").read_text()
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    threads = Path(f"/proc/{pid}/task").iterdir()  # each lists the children that it started
    children = [child for each in threads for child in (each / "children").read_text().split()]
    return own / 1024 + sum(resident_megabytes(int(child)) for child in children)

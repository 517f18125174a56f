"""What a real process did to its files, recorded by strace: every write, flush and change of a name.

The process under test is the product itself, unchanged. It says what it has promised by writing a
line to the file `marks`, so that each promise has its place among the flushes.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
MARKS = "marks"
_CALLS = (
    "openat,open,creat,close,lseek,write,pwrite64,fsync,fdatasync,ftruncate,truncate,"
    "rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat"
)
# -xx: bytes as they are; -s: all of them; -y: names of descriptors.
_STRACE = ("strace", "-f", "-qq", "-y", "-xx", "-s", "8388608", "-e", f"trace={_CALLS}")
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)")
_FIRST_HALF = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_SECOND_HALF = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
_FD = re.compile(r"^(\d+)<(.*?)>(?:\(deleted\))?")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_AT_PATH = re.compile(r'^(?:AT_FDCWD(?:<[^>]*>)?|\d+<[^>]*>), "((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Step:
    """One thing done to a file. `name` is its path below the folder; `other` the new name."""

    kind: str  # create write truncate sync sync_folder rename unlink mark
    name: str = ""
    offset: int = 0
    data: bytes = b""
    other: str = ""


def record(folder, *command, may_fail=False, timeout=300):
    """Run a command of Python under strace; return the steps within a folder, in order."""
    log = Path(folder).with_name(Path(folder).name + ".strace")
    traced = subprocess.run(
        [*_STRACE, "-o", log, sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        cwd=ROOT,
        env={
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests/support'}",
            "PATH": "/usr/bin:/bin",
            "TIANBAO_STATE": os.environ["TIANBAO_STATE"],
        },
    )
    assert may_fail or traced.returncode == 0, traced.stderr
    steps = list(_Reader(Path(folder).resolve()).steps(log))
    log.unlink()
    return steps


class _Reader:
    def __init__(self, folder):
        self._prefix = str(folder) + "/"
        self._folder = str(folder)
        self._positions = {}  # (pid, descriptor) is one: threads share descriptors
        self._appends = set()
        self._sizes = {}
        self._halves = {}

    def steps(self, log):
        with log.open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                call = self._whole(line.rstrip("\n"))
                if call is not None and int(call[3]) >= 0:
                    yield from self._step(call[1], call[2], int(call[3]))

    def _whole(self, line):
        if half := _FIRST_HALF.match(line):
            self._halves[half[1]] = half[3]
            return None
        if rest := _SECOND_HALF.match(line):
            line = f"{rest[1]} {rest[2]}({self._halves.pop(rest[1], '')}{rest[3].lstrip()}"
        found = _CALL.match(line)
        return None if found is None else (found[0], found[2], found[3], found[4])

    def _step(self, call, text, result):
        if call in {"openat", "open", "creat"}:
            return self._open(text, result)
        if call in {"rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat"}:
            return self._name(call, text)
        found = _FD.match(text)
        if found is None:
            return ()
        return self._file(call, int(found[1]), self._within(_path(found[2])), text, result)

    def _open(self, text, descriptor):
        paths = _TEXT.findall(text)
        name = self._within(_bytes(paths[0]).decode(errors="replace")) if paths else None
        if name is None:
            return
        self._positions[descriptor] = 0
        self._appends.discard(descriptor)
        if "O_APPEND" in text:
            self._appends.add(descriptor)
        if "O_CREAT" in text:
            yield Step("create", name)
        if "O_TRUNC" in text:
            self._sizes[name] = 0
            yield Step("truncate", name, 0)

    def _name(self, call, text):
        names = [
            self._within(_bytes(each).decode(errors="replace")) for each in _TEXT.findall(text)
        ]
        if not names or names[0] is None:
            return
        if call.startswith("rename"):
            self._sizes[names[1]] = self._sizes.pop(names[0], 0)
            yield Step("rename", names[0], other=names[1])
        elif call.startswith("unlink"):
            self._sizes.pop(names[0], None)
            yield Step("unlink", names[0])
        else:
            yield Step("folder", names[0])

    def _file(self, call, descriptor, name, text, result):
        if name is None:
            return
        if call == "close":
            self._positions.pop(descriptor, None)
        elif call == "lseek":
            self._positions[descriptor] = result
        elif call in {"fsync", "fdatasync"}:
            yield Step("sync", name)
        elif call == "ftruncate":
            size = int(text.rsplit(", ", 1)[1], 0)
            self._sizes[name] = size
            yield Step("truncate", name, size)
        elif call in {"write", "pwrite64"}:
            yield self._write(call, descriptor, name, text, result)

    def _write(self, call, descriptor, name, text, written):
        data = _bytes(_TEXT.search(text)[1])[:written]
        if name == MARKS:
            return Step("mark", data=data)
        if call == "pwrite64":
            offset = int(text.rsplit(", ", 1)[1], 0)
        elif descriptor in self._appends:
            offset = self._sizes.get(name, 0)
        else:
            offset = self._positions.get(descriptor, 0)
            self._positions[descriptor] = offset + written
        self._sizes[name] = max(self._sizes.get(name, 0), offset + written)
        return Step("write", name, offset, data)

    def note_sizes(self, sizes):
        self._sizes.update(sizes)

    def _within(self, path):
        if path == self._folder:
            return "."
        return path.removeprefix(self._prefix) if path.startswith(self._prefix) else None


def _bytes(text):
    return bytes.fromhex(text.replace("\\x", ""))


def _path(text):
    return _bytes(text).decode(errors="replace") if text.startswith("\\x") else text


def read_files(folder):
    """Return the files of a folder by their names below it, without what a system forgets."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file() and path.name != MARKS and not path.name.endswith("-shm")
    }

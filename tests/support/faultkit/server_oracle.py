"""What a server has promised, and whether a data folder keeps it: a set check."""

import hashlib
import sqlite3
import struct
from collections import defaultdict
from contextlib import closing

from server.db import open_writer

_RECORD = struct.Struct(">Q32s")


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class ServerPromises:
    """What the server was ever sent, and what it has promised of it so far."""

    def __init__(self):
        self.sent = set()
        self.logged = {}
        self.files = {}
        self.offsets = {}

    def hear(self, mark):
        """Take over a line of `faultkit.server_work`."""
        word, *rest = mark.decode().split()
        if word == "sent":
            self.sent.add(rest[0])
        elif word == "file":
            self.files[rest[0]] = int(rest[1])
        elif word == "offset":
            self.offsets[rest[0]] = int(rest[1])
        elif word == "logged":
            self.logged[rest[0]] = int(rest[1])

    def broken_by(self, folder):
        """Return what of the promises a folder does not keep, in words; nothing if all is well."""
        try:
            with closing(open_writer(folder / "log.db")) as connection:
                checks = (_soundness, self._revisions, self._attachments)
                broken = [each for check in checks for each in check(connection)]
        except sqlite3.Error as error:
            return [str(error)]
        return broken + list(self._blobs(folder / "blobs"))

    def _revisions(self, connection):
        rows = connection.execute(
            "SELECT digest, idx, bytes FROM revision JOIN object USING (digest)"
        )
        found = defaultdict(list)
        for digest, index, content in rows:
            found[digest].append(index)
            if digest_of(content) != digest:
                yield f"the revision {digest} has other bytes"
        for digest, index in self.logged.items():
            if found.get(digest) != [index]:
                yield f"the revision {digest} was logged at {index}, and is at {found.get(digest)}"
        for digest in found.keys() - self.sent:
            yield f"nobody sent the revision {digest}"

    def _attachments(self, connection):
        found = dict(connection.execute("SELECT sha256, idx FROM attachment").fetchall())
        for sha256, index in self.files.items():
            if found.get(sha256) != index:
                yield f"the file {sha256} is not in the log at {index}"

    def _blobs(self, folder):
        whole = {path.name: path.read_bytes() for path in folder.glob("??/*")}
        for name, content in whole.items():
            if hashlib.sha256(content).hexdigest() != name:
                yield f"the file {name} is not what its name says"
        for sha256 in self.files.keys() - whole.keys():
            yield f"the file {sha256} is gone"
        for sha256 in self.offsets.keys() - self.files.keys() - whole.keys():
            if (sure := _sure_bytes(folder / "incoming", sha256)) < self.offsets[sha256]:
                yield f"of the file {sha256}, {self.offsets[sha256]} bytes were promised, {sure} are sure"


def _soundness(connection):
    if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
        yield "log.db is damaged"
    count, last = connection.execute("SELECT count(*), max(idx) FROM leaf").fetchone()
    if count != last + 1:
        yield "the log has a gap"


def _sure_bytes(incoming, sha256):
    """Return how many bytes of a file on its way are there and as they were sent."""
    return max((_sure_of(part) for part in incoming.glob(f"{sha256}-*.part")), default=0)


def _sure_of(part):
    chunks, sure = part.with_suffix(".chunks"), 0
    if not chunks.exists():
        return 0
    content, records = part.read_bytes(), chunks.read_bytes()
    for at in range(0, len(records) - _RECORD.size + 1, _RECORD.size):
        end, digest = _RECORD.unpack_from(records, at)
        if hashlib.sha256(content[sure:end]).digest() != digest:
            break
        sure = end
    return sure

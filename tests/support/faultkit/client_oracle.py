"""What a device has promised, and whether a home keeps it: a set check."""

import hashlib
import json
import sqlite3
from contextlib import closing

import client.device
import client.high_water
from client.services import open_services
from sync.frames import Frame, scan_frames


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class ClientPromises:
    """What a device was ever asked to do, and what it has promised of it so far."""

    def __init__(self, mark):
        self._mark = mark  # names the file whose copies the checks look at; they are no clones
        self.opened, self.finalizing, self.gone = set(), set(), set()
        self.drafts, self.saved, self.delivered = {}, {}, set()

    def hear(self, mark):
        """Take over a line of `faultkit.client_work`."""
        word, name, *rest = mark.decode().split()
        if word == "draft":
            self.drafts[name] = rest[0]
        elif word == "saved":
            self.saved[rest[0]] = name
        elif word == "delivered":
            self.delivered.add(name)
        elif word == "discarding":
            self.gone.add(name)
        else:
            getattr(self, word).add(name)

    def broken_by(self, home):
        """Return what of the promises a home does not keep, in words; nothing if all is well."""
        broken = list(self._kept_twice(home))
        real, client.device._mark = client.device._mark, lambda _: self._mark
        state, client.high_water.state_folder = client.high_water.state_folder, lambda: None
        try:
            with open_services(home) as services:
                for check in (self._revisions, self._drafts, self._chain, self._files):
                    broken += check(services)
        except Exception as error:  # whatever a damaged home does, it is not what was promised
            broken.append(f"the home cannot be read: {error!r}")
        finally:
            client.device._mark = real
            client.high_water.state_folder = state
        return broken

    def _kept_twice(self, home):
        """Say what was called saved and is not in both copies, before anything is mended."""
        frames = set()
        for path in (home / "journal").glob("*.tbj"):
            found = scan_frames(path.read_bytes())
            frames |= {frame.digest for frame in found if isinstance(frame, Frame)}
        with closing(sqlite3.connect(home / "client.db")) as connection:
            rows = connection.execute("SELECT digest, content FROM revision").fetchall()
        whole = {digest for digest, content in rows if digest_of(content) == digest}
        for digest in self.saved.keys() - frames:
            yield f"{digest} is not in the journal"
        for digest in self.saved.keys() - whole:
            yield f"{digest} is not in the database"

    def _revisions(self, services):
        rows = services.db.rows(
            "SELECT digest, entry, content, state FROM revision WHERE is_own = 1"
        )
        found = {row["digest"]: row for row in rows}
        for digest in self.saved.keys() - found.keys():
            yield f"the saved revision {digest} is gone"
        for digest, row in found.items():
            if digest_of(row["content"]) != digest:
                yield f"the revision {digest} has other bytes"
            if row["entry"] not in self.finalizing:
                yield f"nobody finalized {row['entry']}"
        if len({row["entry"] for row in rows}) != len(rows):
            yield "an entry was saved twice"
        for digest in self.delivered:
            if digest in found and found[digest]["state"] != "delivered":
                yield f"{digest} was delivered, and is {found[digest]['state']}"

    def _drafts(self, services):
        rows = services.db.rows("SELECT entry, answers FROM draft")
        found = {row["entry"]: json.loads(row["answers"]) for row in rows}
        saved = {row["entry"] for row in services.db.rows("SELECT entry FROM revision")}
        for entry, title in self.drafts.items():
            if entry in self.gone or entry in saved:
                continue
            if not str(found.get(entry, {}).get("title", "")).startswith(title):
                yield f"the draft {entry} is not as it was typed"
        for entry in found.keys() & saved:
            yield f"{entry} is a draft, and saved too"

    def _chain(self, services):
        rows = services.db.rows(
            "SELECT incarnation, sequence, digest, content FROM revision WHERE is_own = 1 "
            "ORDER BY incarnation, sequence"
        )
        last = (None, 0, None)
        for row in rows:
            if row["incarnation"] != last[0]:
                last = (row["incarnation"], 0, None)
            previous = json.loads(row["content"])["previous"]
            if row["sequence"] != last[1] + 1 or previous != last[2]:
                yield f"the chain breaks at {row['sequence']}"
            last = (row["incarnation"], row["sequence"], row["digest"])

    def _files(self, services):
        for row in services.db.rows("SELECT sha256 FROM attachment"):
            path = services.home.blobs / row["sha256"]
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
                yield f"the file {row['sha256']} is gone or damaged"

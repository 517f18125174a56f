"""A device at work on a disk that is full at some moment: what it did not manage, and what it says."""

import io
import shutil
from collections import Counter
from contextlib import ExitStack

from faultkit.client_oracle import ClientPromises
from faultkit.way import Way

from client.config import Home
from client.device import _mark
from client.enrol import Invitation, enrol
from client.errors import ClientError
from client.services import open_services

PHOTO = 6_000


class FullDevice:
    """Does what a person does, remembers what was promised, and goes on after each refusal."""

    STEPS = ("begin", "type", "attach", "finalize", "look", "export", "sync")

    def __init__(self, place, server, network, chance):
        self.home, self._carried = place / "home", place / "carried.bundle"
        self._code = server.invite("north", "reporter").code
        self._network, self._chance = network, chance
        self._stack, self._services = ExitStack(), None
        self.promises, self.met, self.unclear = ClientPromises(None), Counter(), []
        self.last = None
        self._draft = None

    def close(self):
        self.do("leave")
        self._stack, self._services = ExitStack(), None

    def live(self, entries):
        """Do so many entries; return whether nothing was refused."""
        if not self.open():
            return False
        went = [self.do(name) for _ in range(entries) for name in self.STEPS]
        return all(went)

    def open(self):
        """Open the home and enrol it, if that is not done yet; say whether it went."""
        return self.do("open") and self.do("enrol")

    def broken(self, place):
        """Return what of the promises a copy of the disk does not keep."""
        home = Home(self.home)
        if not home.incarnation.exists():  # so early, nothing can have been promised
            return sorted(self.promises.saved | self.promises.drafts)
        self.promises._mark = _mark(home)
        copy = place / "copy"
        shutil.copytree(self.home, copy)
        try:
            return self.promises.broken_by(copy)
        finally:
            shutil.rmtree(copy)

    def do(self, name):
        """Do one thing; say whether it went."""
        try:
            getattr(self, f"_{name}")()
        except ClientError as error:
            self.last = error
            self.met[name] += 1
            if not error.hint:
                self.unclear.append((name, error.code, error.message))
            return False
        return True

    def _leave(self):
        self._stack.close()

    def _open(self):
        if self._services is None:
            self._services = self._stack.enter_context(
                open_services(self.home, connect=lambda _: Way(self._network))
            )

    def _enrol(self):
        if self._services.profile is None:
            invitation = Invitation("http://office.example", self._code)
            enrol(self._services, invitation, Way(self._network))
        if not self._services.forms():
            self._services.rounds.run()

    def _begin(self):
        if self._services.forms() and self._draft is None:
            self._draft = self._services.filling.open_blank("visit")
            self.promises.opened.add(self._draft)

    def _type(self):
        if self._draft is not None:
            title = self._chance.randbytes(self._chance.choice((8, 3000))).hex()
            self._services.filling.answer(self._draft, "title", title, "")
            self._services.filling.save_changed()
            self.promises.drafts[self._draft] = title[:16]

    def _attach(self):
        if self._draft is not None:
            photo = io.BytesIO(self._chance.randbytes(PHOTO))
            self._services.filling.attach(self._draft, "photo", photo, "a.png", "image/png")

    def _finalize(self):
        if self._draft is not None:
            self.promises.finalizing.add(self._draft)
            done = self._services.finalize(self._draft)
            if "revision" in done:
                self.promises.saved[done["revision"]] = self._draft
                self._draft = None

    def _sync(self):
        if self._services.profile is not None:
            try:
                self._services.rounds.run()
            finally:
                rows = self._services.db.rows(
                    "SELECT digest FROM revision WHERE state = 'delivered'"
                )
                self.promises.delivered |= {row["digest"] for row in rows}

    def _export(self):
        if self._services.profile is not None:
            self._services.exporter.export(self._carried, is_all=True)

    def _look(self):
        """Everything that is here can be looked at, however full the disk is."""
        self._services.status()
        for entry in self._services.entries():
            self._services.entry(entry["entry"])

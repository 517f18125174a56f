"""One entry from one device to another, and every part of its way cut at chosen bytes first."""

from faultkit.proxy import NOTHING, Fault

from client.errors import UnreachableError
from client.push import Pushed

DIRECTIONS = ("request", "answer")


class Cuts:
    """The cuts that are still to come, each at the next request of its kind."""

    def __init__(self, proxy, together):
        self._waiting, self._together = [], together
        self.made = {}  # the offsets of each kind and direction
        self.shortest = {}
        proxy.plan = self._plan

    @property
    def are_left(self):
        return bool(self._waiting)

    def expect(self, kind, offset):
        """Cut both directions at an offset, and at those further on, as far as they are that long."""
        self._waiting += [(kind, direction, offset) for direction in DIRECTIONS]

    def _plan(self, request):
        if not self._waiting or self._waiting[0][0] != kind_of(request):
            return NOTHING
        if self._waiting[0][1] == "request":
            size = self._next(request)
            if size is not None:
                return _cut("request", size)
        fault = Fault()
        fault.answer = lambda sent: self._cut_answer(fault, sent)
        return fault

    def _cut_answer(self, fault, sent):
        size = self._next(sent)
        if size is None:
            return sent
        fault.ends, fault.reset = True, bool(size % 2)
        return sent[:size]

    def _next(self, sent):
        """Return where what is sent is cut, if it still is."""
        kind, direction, size = self._waiting.pop(0)
        known = self.shortest.get((kind, direction), len(sent))
        self.shortest[kind, direction] = min(known, len(sent))
        if size >= len(sent):
            return None
        if size + self._together < len(sent):
            self._waiting.insert(0, (kind, direction, size + self._together))
        self.made.setdefault((kind, direction), set()).add(size)
        return size


def _cut(direction, size):
    """End the connection after so many bytes, every other time without a good-bye."""
    return Fault(**{direction: lambda sent: sent[:size]}, ends=True, reset=bool(size % 2))


def kind_of(request):
    """Return what a request is, by its first line."""
    target = request.split(b" ", 2)[1]
    for mark, kind in ((b"/status", "status"), (b"/v1/attach", "chunk"), (b"/v1/push", "push")):
        if mark in target:
            return kind
    return "changes"


class Exchanging:
    """One device hands entries over and another takes them, each part of it cut first."""

    def __init__(self, office, proxy, giver, taker, together):
        self._office, self._giver, self._taker = office, giver, taker
        self._giving = giver.rounds._exchange(giver.profile)
        self._taking = taker.rounds._exchange(taker.profile)
        self.cuts = Cuts(proxy, together)
        self._handed = len(office.logged())

    def bring(self, offset, digest):
        """Bring an entry over; after each cut, and in the end, nothing else is believed than is so."""
        giver, taker, pushed = self._giver, self._taker, Pushed()
        cursor = taker.rounds._puller.cursor
        self._part(
            ("push",),
            offset,
            lambda: giver.rounds._pusher.push_revisions(self._giving, pushed),
            lambda: _said(giver, digest) == ("saved", None),
        )
        assert _said(giver, digest) == ("saved", "logged")
        self._part(
            ("status", "chunk"),
            offset,
            lambda: giver.rounds._files.push_files(self._giving, pushed),
            lambda: _said(giver, digest) == ("saved", "logged"),
        )
        assert _said(giver, digest) == ("delivered", "logged")
        self._part(
            ("changes",),
            offset,
            lambda: taker.rounds._puller.pull(self._taking),
            lambda: _said(taker, digest) is None and taker.rounds._puller.cursor == cursor,
        )
        assert _said(taker, digest) is not None
        assert (pushed.revisions, pushed.files) == (1, 1)
        self._handed += 1
        assert self._logged() == self._handed

    def _part(self, kinds, offset, do, is_unsaid):
        for kind in kinds:
            self.cuts.expect(kind, offset)
        has_come_through = False
        while not has_come_through:
            try:
                do()
            except UnreachableError:
                assert is_unsaid()
            else:
                has_come_through = True
        assert not self.cuts.are_left

    def _logged(self):
        with self._office.services.readers.read() as connection:
            found = connection.execute("SELECT count(*) FROM leaf WHERE kind = 'revision'")
            return found.fetchone()[0]


def _said(device, digest):
    row = device.db.row("SELECT state, server_state FROM revision WHERE digest = ?", (digest,))
    return None if row is None else tuple(row)

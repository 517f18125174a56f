"""What befalls the requests on a bad line, drawn by chance; and pages that answer by themselves."""

import gzip
import socket
from collections import Counter

from faultkit.proxy import NOTHING, Fault, read_answer

SHARE = 0.45
_LARGE = 17 * 1024 * 1024


def page(status, media_type, body, *headers):
    """Return an answer over HTTP."""
    lines = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {media_type}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode() + body


PAGES = {
    "portal": page("200 OK", "text/html", b"<html><title>Sign in</title></html>"),
    "portal elsewhere": page("302 Found", "text/html", b"", "Location: http://portal.example/in"),
    "portal for good": page("308 Permanent", "text/plain", b"", "Location: //portal.example/"),
    "json": page("200 OK", "application/json", b'{"status": "ok", "results": []}'),
    "frames by name": page("200 OK", "application/vnd.tianbao.frames", b"TB\x00\x01 not one"),
    "nothing": page("204 No Content", "text/plain", b""),
    "too large": page("413 Request Entity Too Large", "text/html", b"<html>413</html>"),
    "bad gateway": page("502 Bad Gateway", "text/html", b"<html>502</html>"),
    "later": page("503 Service Unavailable", "text/plain", b"later", "Retry-After: 86400"),
    "who is it": page("401 Unauthorized", "text/plain", b"", "WWW-Authenticate: Basic realm=x"),
    "proxy": page("407 Proxy Authentication Required", "text/html", b"<html>407</html>"),
    "bomb": page(
        "200 OK",
        "application/vnd.tianbao.frames",
        gzip.compress(bytes(64 * 1024 * 1024), 1),
        "Content-Encoding: gzip",
    ),
    "endless": page("200 OK", "application/octet-stream", bytes(_LARGE)),
}
_SMALL_PAGES = [content for content in PAGES.values() if len(content) < 4096]


class Befalling:
    """Draws what befalls each request; nothing more once `is_healed`."""

    def __init__(self, proxy, chance, other_port):
        self._proxy, self._chance, self._other_port = proxy, chance, other_port
        self._late = []
        self.requests, self.befell, self.is_healed = 0, Counter(), False
        self.ways = {
            "cut request": self._cut_request,
            "cut answer": self._cut_answer,
            "flipped request": self._flipped_request,
            "flipped answer": self._flipped_answer,
            "doubled": lambda _: Fault(times=2),
            "late": self._is_late,
            "came late": self._came_late,
            "replayed": self._replayed,
            "other answer": self._other_answer,
            "silent": lambda _: Fault(times=chance.randrange(2), is_silent=True),
            "page": self._page,
            "other server": self._other_server,
        }
        # What costs a time-out each time is drawn less often.
        self._shares = [1 if name == "silent" else 3 for name in self.ways]
        proxy.plan = self._plan

    def _plan(self, request):
        self.requests += 1
        if self.is_healed or self._chance.random() >= SHARE:
            return NOTHING
        (name,) = self._chance.choices(list(self.ways), self._shares)
        fault = self.ways[name](request)
        if fault is None:
            return NOTHING
        self.befell[name] += 1
        return fault

    def _cut_request(self, request):
        size = self._chance.randrange(len(request))
        return Fault(request=lambda sent: sent[:size], ends=True, reset=bool(size % 2))

    def _cut_answer(self, _):
        share = self._chance.random()
        return Fault(answer=lambda sent: sent[: int(share * len(sent))], ends=True)

    def _flipped_request(self, request):
        content = self._flipped(request)
        return Fault(request=lambda _: content, ends=True)

    def _flipped_answer(self, _):
        return Fault(answer=self._flipped, ends=True)

    def _flipped(self, sent):
        """Change one bit, or a few bytes in a row."""
        content = bytearray(sent)
        if content:
            at = self._chance.randrange(len(content))
            content[at] ^= 1 << self._chance.randrange(8)
        return bytes(content)

    def _is_late(self, request):
        self._late.append(request)
        return Fault(times=0, ends=True)

    def _came_late(self, _):
        if not self._late:
            return None
        return Fault(before=self._late.pop(self._chance.randrange(len(self._late))))

    def _replayed(self, _):
        past = self._proxy.past.requests
        return Fault(before=self._chance.choice(past)) if past else None

    def _other_answer(self, _):
        past = self._proxy.past.answers
        if not past:
            return None
        old = self._chance.choice(past)
        return Fault(answer=lambda _: old, ends=True)

    def _page(self, _):
        content = self._chance.choice(_SMALL_PAGES)
        return Fault(times=self._chance.randrange(2), answer=lambda _: content, ends=True)

    def _other_server(self, request):
        with socket.create_connection(("127.0.0.1", self._other_port)) as other:
            other.sendall(request)
            said = read_answer(other)
        return Fault(times=self._chance.randrange(2), answer=lambda _: said, ends=True)

"""Who may use the local pages: the token of one launch, and the sessions made from it.

* The token stands in the fragment of the printed address, so no server and no log ever sees it.
* A browser that we open gets a token of its own, good for one session: what a program is started
  with can be read by everybody on the computer.
* A session is two halves: a cookie that scripts cannot read, and a key that only our page sends.
  Cookies are shared by every port of a host, so a cookie alone opens nothing.
* Both halves are derived from a secret of the home, so a page that is left open goes on after a
  restart of the client; a new secret ends every session.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock

SESSION_DAYS = 30
SESSION_SECONDS = SESSION_DAYS * 24 * 60 * 60


class Ticket:
    """A token that lets somebody in once."""

    def __init__(self) -> None:
        self.token = _fresh_token()
        self._lock = Lock()
        self._is_used = False

    def use(self, token: str) -> bool:
        """Tell whether this is the token, and nobody has used it before."""
        with self._lock:
            if self._is_used or not _same(token, self.token):
                return False
            self._is_used = True
            return True


@dataclass(frozen=True, slots=True)
class Launch:
    """One start of the local pages: where they are, and what lets a person in."""

    port: int
    token: str
    secret: bytes
    control_key: str = ""
    ticket: Ticket = field(default_factory=Ticket)

    @property
    def address(self) -> str:
        """The address to open, with the token where no server sees it."""
        return self._with(self.token)

    @property
    def address_once(self) -> str:
        """The address for a browser that we start; it lets in once."""
        return self._with(self.ticket.token)

    def _with(self, token: str) -> str:
        return f"http://127.0.0.1:{self.port}/#token={token}"

    @property
    def cookie_name(self) -> str:
        """Two clients on one computer share a cookie jar, so the port is in the name."""
        return f"tianbao_{self.port}"


@dataclass(frozen=True, slots=True)
class Session:
    """The two halves of a session."""

    cookie: str
    key: str


def new_launch(port: int, secret: bytes, *, control_key: str = "") -> Launch:
    """Return a launch with a fresh token."""
    return Launch(port, _fresh_token(), secret, control_key)


def new_session(secret: bytes, now: float) -> Session:
    """Return a session that ends `SESSION_DAYS` from now, a time in seconds since 1970."""
    body = f"{int(now) + SESSION_SECONDS}.{secrets.token_hex(16)}"
    cookie = f"{body}.{_mac(secret, 'cookie', body)}"
    return Session(cookie, _mac(secret, "key", cookie))


def is_session(secret: bytes, session: Session, now: float) -> bool:
    """Tell whether both halves belong together, were made here, and are still good."""
    body, _, mac = session.cookie.rpartition(".")
    if not _same(mac, _mac(secret, "cookie", body)):
        return False
    if not _same(session.key, _mac(secret, "key", session.cookie)):
        return False
    return int(body.partition(".")[0]) > now


def is_token(launch: Launch, token: str) -> bool:
    """Tell whether this is the token of this launch, or that of the browser it opened, unused."""
    return _same(token, launch.token) or launch.ticket.use(token)


def _fresh_token() -> str:
    return secrets.token_urlsafe(24)


def _mac(secret: bytes, use: str, text: str) -> str:
    return hmac.new(secret, f"tianbao web {use}\n{text}".encode(), sha256).hexdigest()


def _same(one: str, other: str) -> bool:
    # As bytes: compare_digest refuses text that is not ASCII, and a guess may be anything.
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))

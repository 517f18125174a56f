"""Who may use the local pages: the token of one launch, and the sessions made from it.

* The token stands in the fragment of the printed address, so no server and no log ever sees it.
* A session is two halves: a cookie that scripts cannot read, and a key that only our page sends.
  Cookies are shared by every port of a host, so a cookie alone opens nothing.
* Both halves are derived from a secret of the home, so a page that is left open goes on after a
  restart of the client; a new secret ends every session.
"""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

SESSION_DAYS = 30
SESSION_SECONDS = SESSION_DAYS * 24 * 60 * 60
SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Launch:
    """One start of the local pages: where they are, and what lets a person in."""

    port: int
    token: str
    secret: bytes
    control_key: str = ""

    @property
    def address(self) -> str:
        """The address to open, with the token where no server sees it."""
        return f"http://127.0.0.1:{self.port}/#token={self.token}"

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
    return Launch(port, secrets.token_urlsafe(24), secret, control_key)


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
    """Tell whether this is the token of this launch."""
    return _same(token, launch.token)


def _mac(secret: bytes, use: str, text: str) -> str:
    return hmac.new(secret, f"tianbao web {use}\n{text}".encode(), sha256).hexdigest()


def _same(one: str, other: str) -> bool:
    # As bytes: compare_digest refuses text that is not ASCII, and a guess may be anything.
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))

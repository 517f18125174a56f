"""The way to the server: bytes out, bytes back, and nothing believed of what comes.

* The only module that imports `requests`.
* Connecting takes at most 20 s; an exchange in which nothing moves for 60 s is given up, and so is
one that drips: an answer has 60 s, and one more for each 500 bytes that came.
* What is sent goes to the system in small pieces, and the system is asked to keep few of them: so it
shows whether a slow line still moves. What it may keep has a second for each 500 bytes on top.
* Redirects are never followed: our server sends none, a portal does.
* Proxies of the environment are used, save for a server on this very computer.
* An answer larger than `LARGEST_ANSWER` is given up.
"""

import io
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar, Protocol

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, NewConnectionError

from client.errors import NoConnectionError, UnreachableError
from client.profile import is_loopback

CONNECT_SECONDS = 20.0
NO_PROGRESS_SECONDS = 60.0
SLOWEST_BYTES_PER_SECOND = 500
LARGEST_ANSWER = 16 * 1024 * 1024
_CHUNK = 64 * 1024
_PIECE = 4 * 1024
_KEPT_BY_THE_SYSTEM = 32 * 1024
_NO_PROXY = {"http": "", "https": "", "all": ""}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whoever sent it."""

    status: int
    media_type: str
    location: str
    content: bytes

    @property
    def is_redirect(self) -> bool:
        """Say whether we are sent elsewhere."""
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST

    @property
    def is_page(self) -> bool:
        """Say whether this is a web page, and not a failing server's."""
        return "html" in self.media_type and self.status < HTTPStatus.INTERNAL_SERVER_ERROR


class Transport(Protocol):
    """A way to one server: over HTTP, or over whatever else brings bytes there and back."""

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        authorization: str | None = None,
    ) -> Reply:
        """Send a request; return whatever came back.

        Raises:
            NoConnectionError: there is no way to the server now.
            UnreachableError: nothing whole came back; the same bytes may be sent again.
        """

    def close(self) -> None:
        """Close the connections."""


class _Header(AuthBase):
    """Sets our own `Authorization`; without it, `requests` would look into ~/.netrc."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value is not None:
            request.headers["Authorization"] = self._value
        return request


class _Adapter(HTTPAdapter):
    """Hands bytes to the system in small pieces, of which it keeps few."""

    _MEANS: ClassVar[dict[str, Any]] = {
        "blocksize": _PIECE,
        "socket_options": [
            *HTTPConnection.default_socket_options,
            (socket.SOL_SOCKET, socket.SO_SNDBUF, _KEPT_BY_THE_SYSTEM),
        ],
    }

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **kwargs: Any
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, **{**kwargs, **self._MEANS})

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **{**kwargs, **self._MEANS})


class HttpTransport:
    """The way over HTTP. Connections are kept for the next request until `close`."""

    def __init__(self, server: str, ca: Path | None = None) -> None:
        self._server = server.rstrip("/")
        self._verify: str | bool = True if ca is None else str(ca)
        self._session = requests.Session()
        self._session.headers.clear()  # each byte counts; what we mean is said with each request
        self._session.mount("http://", _Adapter())
        self._session.mount("https://", _Adapter())
        self._proxies = _NO_PROXY if is_loopback(server) else {}

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        authorization: str | None = None,
    ) -> Reply:
        """Send a request; return whatever came back: see `Transport`."""
        try:
            with self._session.request(
                method,
                self._server + target,
                data=io.BytesIO(body) if body else None,
                headers={"Accept-Encoding": "identity", "User-Agent": "tianbao", **headers},
                auth=_Header(authorization),
                timeout=(CONNECT_SECONDS, NO_PROGRESS_SECONDS + _seconds_to_drain(body)),
                allow_redirects=False,
                stream=True,
                proxies=dict(self._proxies),
                verify=self._verify,
            ) as response:
                return Reply(
                    response.status_code,
                    response.headers.get("Content-Type", ""),
                    response.headers.get("Location", ""),
                    _read(response),
                )
        except requests.exceptions.SSLError as error:
            raise UnreachableError(
                f"The certificate of {self._server} cannot be trusted: {_reason(error)}",
                code="certificate",
                hint="Is the clock of this device right? A private authority is given to enrol by --ca.",
            ) from error
        except (requests.RequestException, HTTPError, OSError) as error:
            kind = NoConnectionError if _is_unconnected(error) else UnreachableError
            raise kind(
                f"{self._server} cannot be reached: {_reason(error)}",
                hint="Nothing is lost. Check the address and the network, or try again later.",
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _seconds_to_drain(body: bytes) -> float:
    """Return how long a slow line may take over what the system still keeps of a body."""
    # Twice: some systems keep for their own books as much as they are asked to keep.
    return min(len(body), 2 * _KEPT_BY_THE_SYSTEM) / SLOWEST_BYTES_PER_SECOND


def _read(response: requests.Response) -> bytes:
    began = time.monotonic()
    content = bytearray()
    while chunk := response.raw.read(_CHUNK, decode_content=False):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise UnreachableError("The answer is too large to be our server's.", code="too_large")
        allowed = NO_PROGRESS_SECONDS + len(content) / SLOWEST_BYTES_PER_SECOND
        if time.monotonic() - began > allowed:
            raise UnreachableError("The answer comes too slowly to be waited for.", code="slow")
    return bytes(content)


def _is_unconnected(error: Exception) -> bool:
    """Say whether nothing was sent, because no connection came about."""
    cause = error.args[0] if error.args else None
    is_new = isinstance(getattr(cause, "reason", None), NewConnectionError)
    return is_new or isinstance(error, requests.exceptions.ConnectTimeout)


def _reason(error: BaseException) -> str:
    """Return the innermost reason, without the layers that libraries wrap around it."""
    while error.__cause__ is not None or error.__context__ is not None:
        inner = error.__cause__ or error.__context__
        if inner is None:
            break
        error = inner
    return str(error) or type(error).__name__

"""One request to the Datasette process, its answer handed on as it comes.

Of the auditor's request only what is listed goes through, so that nobody says of himself who he is;
of the answer everything but what belongs to the connection or would set a cookie.
"""

import http.client
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from server.audit.errors import AuditUnavailableError

_SECONDS = 60.0
_CHUNK = 64 * 1024
_NOT_HANDED_ON = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"),
        *("trailer", "transfer-encoding", "upgrade", "set-cookie", "server", "date"),
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Datasette answers; it has to be closed, whether `chunks` was read or not."""

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: Iterator[bytes]
    close: Callable[[], None]

    @property
    def media_type(self) -> str:
        """Return the media type without its parameters."""
        found = (value for name, value in self.headers if name.lower() == "content-type")
        return next(found, "").partition(";")[0].strip().lower()


def ask(
    address: tuple[str, int] | None, method: str, target: str, headers: Mapping[str, str]
) -> Answer:
    """Send a request without a body and return the answer.

    Raises:
        AuditUnavailableError: nothing answers.
    """
    if address is None:
        raise AuditUnavailableError("The auditors' pages are not ready yet.")
    connection = http.client.HTTPConnection(*address, timeout=_SECONDS)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise AuditUnavailableError("The auditors' pages do not answer.") from error
    kept = tuple(
        (name, value) for name, value in response.getheaders() if name.lower() not in _NOT_HANDED_ON
    )

    def close() -> None:
        response.close()
        connection.close()

    return Answer(response.status, kept, _chunks(response), close)


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while chunk := response.read1(_CHUNK):
        yield chunk

"""The cookie by which an auditor's browser is known: signed, and good for 30 days from its renewal.

It names a session, which the server can end at any time, and says as whom. The server and the
Datasette process both check signature and age; the server alone knows whether the session lives.
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

LIFETIME = timedelta(days=30)
_SALT = "tianbao audit session 1"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Names a session by its secret, and the member and role it is for."""

    session: str
    member: str
    role: str


class TicketOffice:
    """Writes and reads tickets with the server's secret for cookies."""

    def __init__(self, key: bytes) -> None:
        self._serializer = URLSafeTimedSerializer(key, salt=_SALT)

    def seal(self, ticket: Ticket) -> str:
        """Return a ticket as the value of a cookie, signed and dated."""
        return str(self._serializer.dumps([ticket.session, ticket.member, ticket.role]))

    def read(self, value: str | None) -> Ticket | None:
        """Return the ticket in a cookie, unless it is forged, damaged or too old."""
        if not value:
            return None
        try:
            session, member, role = self._serializer.loads(
                value, max_age=int(LIFETIME.total_seconds())
            )
        except (BadSignature, ValueError, TypeError):
            return None
        return Ticket(session, member, role)


def is_same_secret(given: str, wanted: str) -> bool:
    """Compare two secrets in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())

"""Who may see the auditors' pages, request by request.

A browser is let in by its cookie, while its session lives in log.db. A session that is used is
renewed: its row, and the cookie with it, at most once an hour.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from flask import Request, Response

from server.audit.agreement import COOKIE
from server.audit.ticket import LIFETIME, Ticket, TicketOffice
from server.errors import StorageError
from server.services import Services
from sync.times import parse_time

RENEWAL = timedelta(hours=1)
COOKIE_PATH = "/audit"
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is let in; `renewed` is the new value of the cookie, where it has one."""

    ticket: Ticket
    sealed: str
    renewed: str | None = None


class AuditDoor:
    """Opens to a live session, and to nothing else."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._office = TicketOffice(services.keys.cookie)

    def visitor(self, request: Request) -> Visitor | None:
        """Return who asks, None if that is nobody we let in."""
        sealed = request.cookies.get(COOKIE, "")
        ticket = self._office.read(sealed)
        session = None if ticket is None else self._services.find_session(ticket.session)
        if ticket is None or session is None:
            return None
        if self._services.clock() - parse_time(session.last_used_at) < RENEWAL:
            return Visitor(ticket, sealed)
        return self._renewed(Ticket(ticket.session, session.member, session.role))

    def sign_in(self, code: str) -> str:
        """Use up a one-time code and return the value of the cookie that it is worth.

        Raises:
            CodeRefusedError: the code opens nothing.
            sync.errors.CodeError: the text is no code.
            StorageError: the session could not be stored now.
        """
        opened = self._services.open_session(code)
        session = self._services.find_session(opened.secret)
        role = "auditor" if session is None else session.role
        return self._office.seal(Ticket(opened.secret, opened.member, role))

    def sign_out(self, request: Request) -> None:
        """End the session of a request, if it has one."""
        ticket = self._office.read(request.cookies.get(COOKIE))
        if ticket is not None:
            self._services.close_session(ticket.session)

    def _renewed(self, ticket: Ticket) -> Visitor:
        sealed = self._office.seal(ticket)
        try:
            self._services.touch_session(ticket.session)
        except StorageError:
            # Reading goes on while nothing can be written; the cookie stays as it is.
            _LOGGER.warning("A session could not be renewed.")
            return Visitor(ticket, sealed)
        return Visitor(ticket, sealed, renewed=sealed)


def set_cookie(response: Response, value: str, *, is_secure: bool) -> None:
    """Give a browser the cookie, which no script reads and no other site sends."""
    response.set_cookie(
        COOKIE,
        value,
        max_age=LIFETIME,
        path=COOKIE_PATH,
        secure=is_secure,
        httponly=True,
        samesite="Lax",
    )


def forget_cookie(response: Response) -> None:
    """Take the cookie from a browser."""
    response.delete_cookie(COOKIE, path=COOKIE_PATH)

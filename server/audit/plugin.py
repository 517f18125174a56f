"""Our plugin in the Datasette process: who is let in, how tables are called and found.

* Nothing at all is answered but to the server's proxy, known by a secret of this start, and with
  an auditor's cookie: so nobody gets around a revoked session by asking the process's own port.
* Chinese words are found in full-text search as they are typed (`server.projection.segmentation`).
* A single value is never larger than any that we store: no query can fill the memory with one.
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from importlib import resources
from typing import Any, TypeVar

from datasette import Response, hookimpl

from server.audit.agreement import COOKIE, PROXY_HEADER, ROLES
from server.audit.description import Description
from server.audit.ticket import Ticket, TicketOffice, is_same_secret
from server.db import Connection
from server.projection.segmentation import search_phrase

MAX_VALUE_BYTES = 16 * 1024 * 1024
_SQLITE_LIMIT_LENGTH = 0  # sqlite3.SQLITE_LIMIT_LENGTH
_SCRIPT = resources.files("server.audit").joinpath("datasette.js").read_text("utf-8")
_STYLE = resources.files("server.audit").joinpath("datasette.css").read_text("utf-8")
_STYLE_ADDRESS = "/-/tianbao.css"
_ROLE_NAMES = {"auditor": "审计人员 · Auditor", "organiser": "组织者 · Organiser"}
_SIGN_OUT = {"href": "/audit/sign-out", "label": "退出登录 · Sign out"}

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
F = TypeVar("F", bound=Callable[..., Any])

_hook: Callable[[F], F] = hookimpl
_last_hook: Callable[[F], F] = hookimpl(trylast=True)


class AuditPlugin:
    """Registered with Datasette's plugin manager by `server.audit.run`."""

    __name__ = "tianbao-audit"  # Datasette lists plugins by this name

    def __init__(self, database: str, description: Description, door: "Door") -> None:
        self._database = database
        self._description = description
        self._door = door

    @_hook
    def asgi_wrapper(self, datasette: Any) -> Callable[[App], App]:
        """Refuse every request that does not come through the proxy with a good cookie."""

        def wrap(app: App) -> App:
            async def guarded(scope: Scope, receive: Any, send: Any) -> None:
                if scope["type"] == "http" and self._door.ticket(scope) is None:
                    await _forbid(send)
                else:
                    await app(scope, receive, send)

            return guarded

        return wrap

    @_hook
    def actor_from_request(self, request: Any) -> dict[str, str] | None:
        """Say who asks."""
        ticket = self._door.ticket(request.scope)
        if ticket is None:
            return None
        shown = _ROLE_NAMES[ticket.role]
        return {"id": ticket.member, "role": ticket.role, "display": shown}

    @_hook
    def permission_allowed(self, actor: dict[str, str] | None) -> bool | None:
        """Refuse everything to strangers; the rest is for Datasette's own rules."""
        return None if actor is not None and actor.get("role") in ROLES else False

    @_hook
    def get_metadata(self, key: str | None) -> dict[str, Any]:
        """Tell of the forms' tables, where it is tables that are asked for."""
        if key is not None and key != "databases":
            return {}
        return {"databases": {self._database: {"tables": self._description.tables()}}}

    @_hook
    def canned_queries(self, database: str) -> dict[str, dict[str, Any]]:
        """Offer the ready-made questions whose tables are there."""
        return self._description.queries() if database == self._database else {}

    @_last_hook  # last, so that our escape_fts takes the place of Datasette's
    def prepare_connection(self, conn: Connection) -> None:
        """Give SQL the search of Chinese words, and a limit on single values."""
        conn.create_function("escape_fts", 1, _phrase, deterministic=True)
        conn.create_function("search_phrase", 1, _phrase, deterministic=True)
        conn.setlimit(_SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)

    @_hook
    def extra_body_script(
        self, datasette: Any, view_name: str | None
    ) -> dict[str, str | bool] | None:
        """Show the titles of tables where Datasette has their names alone."""
        if view_name not in {"database", "table"}:
            return None
        told = datasette.metadata("databases")[self._database]["tables"]
        titles = {name: table["title"] for name, table in told.items() if "title" in table}
        # Within a script, < could end it.
        data = json.dumps(titles, ensure_ascii=False).replace("<", "\\u003c")
        return {"module": True, "script": f"const tableTitles = {data};\n{_SCRIPT}"}

    @_hook
    def register_routes(self) -> list[tuple[str, Callable[[], Response]]]:
        """Answer with our style sheet."""
        return [(f"^{re.escape(_STYLE_ADDRESS)}$", _style)]

    @_hook
    def extra_css_urls(self) -> list[str]:
        """Have every page use our style sheet."""
        return [_STYLE_ADDRESS]

    @_hook
    def menu_links(self, actor: dict[str, str] | None) -> list[dict[str, str]]:
        """Offer the way out."""
        return [_SIGN_OUT] if actor else []


class Door:
    """Knows the proxy by its secret, and auditors by their cookie."""

    def __init__(self, office: TicketOffice, proxy_secret: str) -> None:
        self._office = office
        self._proxy_secret = proxy_secret

    def ticket(self, scope: Scope) -> Ticket | None:
        """Return the ticket that a request comes with, if it may come in at all."""
        headers = {name.lower(): value for name, value in scope.get("headers") or ()}
        given = headers.get(PROXY_HEADER.lower().encode(), b"").decode("latin-1")
        if not is_same_secret(given, self._proxy_secret):
            return None
        ticket = self._office.read(_cookie(headers.get(b"cookie", b"").decode("latin-1")))
        return ticket if ticket is not None and ticket.role in ROLES else None


def _style() -> Response:
    return Response(_STYLE, content_type="text/css; charset=utf-8")


def _phrase(query: object) -> str:
    return search_phrase("" if query is None else str(query))


def _cookie(header: str) -> str | None:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value


async def _forbid(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"Forbidden\n"})

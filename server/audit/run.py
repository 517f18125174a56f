"""The Datasette process: `python -m server.audit.run AUDIT_DB COOKIE_KEY METADATA`.

It picks a free port on the loopback, prints `ready PORT` once it answers, and ends when its
standard input does, that is with its parent. Only readers open the database here.
"""

import json
import os
import secrets
import socket
import sys
from pathlib import Path
from threading import Timer
from typing import Any

import uvicorn
from datasette.app import Datasette
from datasette.plugins import pm
from datasette.utils.asgi import Request

from server.audit.agreement import BASE_URL, HTTPS_VARIABLE, SECRET_VARIABLE
from server.audit.description import Description
from server.audit.plugin import AuditPlugin, Door
from server.audit.ticket import TicketOffice
from server.children import watch_parent

SETTINGS: dict[str, Any] = {
    "base_url": BASE_URL,
    "allow_download": False,
    "sql_time_limit_ms": 2000,
    "facet_time_limit_ms": 500,
    "suggest_facets": False,
    "max_returned_rows": 2000,
    "default_page_size": 50,
    "max_csv_mb": 200,
    "truncate_cells_html": 600,
    "num_sql_threads": 2,
    "cache_size_kb": 4096,
    "default_cache_ttl": 0,
}
_GRACE_SECONDS = 3


def main() -> None:
    """Serve the audit database until the parent is gone."""
    audit_db, cookie_key, metadata = (Path(argument) for argument in sys.argv[1:4])
    secret = os.environ.pop(SECRET_VARIABLE)
    door = Door(TicketOffice(bytes.fromhex(cookie_key.read_text("ascii").strip())), secret)
    told = json.loads(metadata.read_bytes())
    # Datasette would offer all of them; our plugin offers those that can be answered.
    queries = told["databases"][audit_db.stem].pop("queries")
    pm.register(AuditPlugin(audit_db.stem, Description(audit_db, queries), door))
    _build_links_below_the_prefix()
    datasette = Datasette(
        [str(audit_db)],
        metadata=told,
        settings=SETTINGS | {"force_https_urls": HTTPS_VARIABLE in os.environ},
        secret=secrets.token_hex(32),
    )
    _serve(datasette)


def _build_links_below_the_prefix() -> None:
    """Have Datasette put its prefix before a path once, and not again where it stands already.

    Its router takes the prefix off, but its links to facets, next pages and formats start from the
    whole path. It cannot be given the path without the prefix either: our database has the prefix's
    own name, and would be taken for it.
    """
    whole_path = Request.path.fget
    Request.path = property(lambda request: request.scope.get("route_path") or whole_path(request))


def _serve(datasette: Datasette) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = _AnnouncingServer(_config(datasette), port)
    watch_parent(lambda: _end(server))
    server.run(sockets=[listening])


def _config(datasette: Datasette) -> uvicorn.Config:
    return uvicorn.Config(
        datasette.app(),
        log_level="warning",
        access_log=False,
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


class _AnnouncingServer(uvicorn.Server):
    """Says which port it has once it answers there."""

    def __init__(self, config: uvicorn.Config, port: int) -> None:
        super().__init__(config)
        self._port = port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"ready {self._port}\n")
        sys.stdout.flush()


def _end(server: uvicorn.Server) -> None:
    server.should_exit = True
    # A query that does not end in time must not keep the process: nothing here can be lost.
    timer = Timer(_GRACE_SECONDS + 2, os._exit, [0])
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main()

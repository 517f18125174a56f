"""Brings the auditors' pages into a running server, and takes them out again."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from server.audit import access, proxy
from server.audit.child import DatasetteChild
from server.audit.door import AuditDoor
from server.services import Services


@contextmanager
def mounted(app: Flask, services: Services, address: str) -> Iterator[DatasetteChild]:
    """Show the audit database of a server under /audit/ while the context lasts.

    The audit database has to be there. `address` is the server's public one: where that is https,
    the cookie is kept to https.
    """
    is_secure = address.startswith("https:")
    folder = services.folder
    child = DatasetteChild(folder.audit_db, folder.cookie_key, is_https=is_secure)
    door = AuditDoor(services)
    app.register_blueprint(access.create_blueprint(door, address))
    app.register_blueprint(proxy.create_blueprint(child, door, is_secure=is_secure))
    child.start()
    try:
        yield child
    finally:
        child.stop()

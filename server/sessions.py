"""Auditors' sessions: what a one-time code of an auditor or organiser opens in a browser.

A session is live until it is revoked, or has not been used for 30 days. Its id is a secret: the
cookie holds it signed, and only its digest is stored.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.db import Connection
from server.invitations import redeem
from sync.digest import digest_of
from sync.times import format_time

LIFETIME = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Session:
    """A live session of a member."""

    id: str
    member: str
    member_name: str
    role: str
    last_used_at: str


@dataclass(frozen=True, slots=True)
class NewIds:
    """Random ids for what a sign-in may have to make; `session` is the secret of the cookie."""

    session: str
    member: str


def open_session(connection: Connection, code: str, ids: NewIds, now: datetime) -> str:
    """Use up a code and open a session; return its member.

    Raises:
        CodeRefusedError: the code opens nothing.
        sync.errors.CodeError: the text is no code.
    """
    name = _stored(ids.session)
    member = redeem(connection, code, name, ids.member, now)
    at = format_time(now)
    connection.execute("INSERT INTO session VALUES (?, ?, ?, ?, NULL)", (name, member, at, at))
    return member


def find_session(connection: Connection, secret: str, now: datetime) -> Session | None:
    """Return the session of a cookie's secret, if it is live."""
    row = connection.execute(
        "SELECT session.id, session.last_used_at, member.id AS member, member.name, member.role "
        "FROM session JOIN member ON member.id = session.member "
        "WHERE session.id = ? AND session.revoked_at IS NULL AND member.revoked_at IS NULL "
        "AND session.last_used_at > ?",
        (_stored(secret), format_time(now - LIFETIME)),
    ).fetchone()
    if row is None:
        return None
    return Session(row["id"], row["member"], row["name"], row["role"], row["last_used_at"])


def touch_session(connection: Connection, secret: str, now: datetime) -> None:
    """Renew a session, because it was used."""
    connection.execute(
        "UPDATE session SET last_used_at = ? WHERE id = ?", (format_time(now), _stored(secret))
    )


def close_session(connection: Connection, secret: str, now: datetime) -> None:
    """End a session for good."""
    connection.execute(
        "UPDATE session SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
        (format_time(now), _stored(secret)),
    )


def _stored(secret: str) -> str:
    return digest_of(secret.encode())

"""Whom this device works for, and which server it trusts: what enrolment brought."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from client.db import Database
from client.errors import EnrolmentError
from sync.times import format_time

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Profile:
    """The member, the unit, and the server with its two pinned keys.

    `ca` says that the server's certificate is checked against the private authority in the home.
    """

    server: str
    log: str
    device: str
    member: str
    member_name: str
    unit: str
    unit_name: str
    role: str
    answer_key: bytes
    log_key: bytes
    ca: bool = False

    @property
    def properties(self) -> dict[str, str]:
        """What `property()` gives in an expression."""
        return {
            "unit_code": self.unit,
            "unit_name": self.unit_name,
            "member_id": self.member,
            "member_name": self.member_name,
            "username": self.member_name,
            "role": self.role,
            "deviceid": self.device,
        }


_COLUMNS = (
    "server, log, device, member, member_name, unit, unit_name, role, answer_key, log_key, ca"
)


def read_profile(db: Database) -> Profile | None:
    """Return the profile; None before enrolment."""
    row = db.row(f"SELECT {_COLUMNS} FROM profile")  # noqa: S608 - column names of this module
    if row is None:
        return None
    values = dict(row)
    return Profile(**{**values, "ca": bool(values["ca"])})


def require_profile(db: Database) -> Profile:
    """Return the profile.

    Raises:
        EnrolmentError: the device is not enrolled.
    """
    profile = read_profile(db)
    if profile is None:
        raise EnrolmentError(
            "This device is not enrolled yet.",
            hint="Run: tianbao enrol URL CODE, with the code from your organiser.",
        )
    return profile


def write_profile(db: Database, profile: Profile, now: datetime) -> None:
    """Keep the profile, within a transaction; there is one in a home, for good."""
    marks = ", ".join("?" * 12)
    db.write(
        f"INSERT INTO profile (id, {_COLUMNS}, enrolled_at) VALUES (1, {marks})",  # noqa: S608 - column names of this module
        (
            profile.server,
            profile.log,
            profile.device,
            profile.member,
            profile.member_name,
            profile.unit,
            profile.unit_name,
            profile.role,
            profile.answer_key,
            profile.log_key,
            int(profile.ca),
            format_time(now),
        ),
    )


def move_server(db: Database, server: str) -> None:
    """Remember another address of the same server: it is known by its pinned keys, not by where it is."""
    with db.transaction():
        db.write("UPDATE profile SET server = ?", (server,))


def is_plain(server: str) -> bool:
    """Say whether what travels to this server can be read on the way: http, not to this computer."""
    parts = urlsplit(server)
    return parts.scheme == "http" and not is_loopback(server)


def is_loopback(server: str) -> bool:
    """Say whether a server is on this computer."""
    return (urlsplit(server).hostname or "") in _LOOPBACK

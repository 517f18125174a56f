"""Members and their devices: who may hand in for which unit, and who may no longer.

* A member belongs to one unit and has one role; a device is one key of one member.
* Revoking is for good, is logged, and takes effect from its index in the log on.
* A new device of a member, and a new code for an auditor, come with `reissue`.
"""

from dataclasses import dataclass
from datetime import datetime

from server import log
from server.db import Connection, Row
from server.errors import UnknownError
from sync.statement import Statement, StatementKind
from sync.times import format_time

_DEVICE = """
SELECT device.id, device.public_key, device.name AS device_name, device.enrolled_at,
    device.revoked_idx, device.revoked_at, member.id AS member, member.name AS member_name,
    member.role, unit.code AS unit, unit.name AS unit_name
FROM device JOIN member ON member.id = device.member JOIN unit ON unit.code = member.unit
"""


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled device with its member and unit."""

    id: str
    public_key: bytes
    name: str
    enrolled_at: str
    revoked_at: str | None
    member: str
    member_name: str
    role: str
    unit: str
    unit_name: str

    @property
    def is_revoked(self) -> bool:
        """Say whether the device may no longer hand in."""
        return self.revoked_at is not None


@dataclass(frozen=True, slots=True)
class Member:
    """A member with the devices enrolled for it, the newest last."""

    id: str
    name: str
    role: str
    unit: str
    unit_name: str
    created_at: str
    revoked_at: str | None
    devices: tuple[Device, ...]


def find_device(connection: Connection, device: str) -> Device | None:
    """Return an enrolled device."""
    row = connection.execute(_DEVICE + "WHERE device.id = ?", (device,)).fetchone()
    return None if row is None else _device(row)


def is_revoked(connection: Connection, device: str) -> bool:
    """Say whether a device is revoked, as this connection sees it now."""
    row = connection.execute("SELECT revoked_idx FROM device WHERE id = ?", (device,)).fetchone()
    return row is not None and row["revoked_idx"] is not None


def list_members(connection: Connection) -> tuple[Member, ...]:
    """Return all members, by unit and time."""
    devices: dict[str, list[Device]] = {}
    for row in connection.execute(_DEVICE + "ORDER BY device.enrolled_idx"):
        devices.setdefault(row["member"], []).append(_device(row))
    rows = connection.execute(
        "SELECT member.*, unit.name AS unit_name FROM member JOIN unit ON unit.code = member.unit "
        "ORDER BY unit.code, member.created_at, member.id"
    )
    return tuple(_member(row, tuple(devices.get(row["id"], ()))) for row in rows)


def revoke(connection: Connection, name: str, now: datetime) -> tuple[str, ...]:
    """Revoke a device, or a member with all its devices and sessions; return the devices.

    Raises:
        UnknownError: no member and no device has this id.
    """
    device = connection.execute("SELECT 1 FROM device WHERE id = ?", (name,)).fetchone()
    if device is not None:
        _revoke_device(connection, name, now)
        return (name,)
    member = connection.execute("SELECT revoked_at FROM member WHERE id = ?", (name,)).fetchone()
    if member is None:
        raise UnknownError(
            f"There is no member and no device {name!r}.",
            hint="`tianbao-server members` lists them.",
        )
    return _revoke_member(connection, name, now)


def _revoke_member(connection: Connection, member: str, now: datetime) -> tuple[str, ...]:
    at = format_time(now)
    rows = connection.execute("SELECT id FROM device WHERE member = ?", (member,)).fetchall()
    for row in rows:
        _revoke_device(connection, row["id"], now)
    changed = connection.execute(
        "UPDATE member SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (at, member)
    )
    if changed.rowcount:
        log.append(connection, Statement(StatementKind.REVOKE, member, now, "member"))
        connection.execute(
            "UPDATE session SET revoked_at = ? WHERE member = ? AND revoked_at IS NULL",
            (at, member),
        )
    return tuple(row["id"] for row in rows)


def _revoke_device(connection: Connection, device: str, now: datetime) -> None:
    row = connection.execute("SELECT revoked_idx FROM device WHERE id = ?", (device,)).fetchone()
    if row["revoked_idx"] is not None:
        return
    index = log.append(connection, Statement(StatementKind.REVOKE, device, now, "device"))
    connection.execute(
        "UPDATE device SET revoked_idx = ?, revoked_at = ? WHERE id = ?",
        (index, format_time(now), device),
    )


def _device(row: Row) -> Device:
    return Device(
        id=row["id"],
        public_key=bytes(row["public_key"]),
        name=row["device_name"],
        enrolled_at=row["enrolled_at"],
        revoked_at=row["revoked_at"],
        member=row["member"],
        member_name=row["member_name"],
        role=row["role"],
        unit=row["unit"],
        unit_name=row["unit_name"],
    )


def _member(row: Row, devices: tuple[Device, ...]) -> Member:
    return Member(
        id=row["id"],
        name=row["name"],
        role=row["role"],
        unit=row["unit"],
        unit_name=row["unit_name"],
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
        devices=devices,
    )

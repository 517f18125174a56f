"""Invitations: one-time codes by which a person's device, or an auditor's browser, gets in.

* A code is used once, and lives 14 days unless told otherwise.
* A device that repeats its enrolment with the same code and key gets the same answer: the first
  one may have been lost on the way.
* Who does not know the secret learns nothing: a wrong proof reads as an unknown code.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server import log
from server.db import Connection, Row
from server.errors import CodeRefusedError, ConflictError, UnknownError
from server.members import Device, find_device
from server.settings import organising_unit
from sync.invitation import asking_parts, code_id, is_proof, make_code, secret_of
from sync.keys import key_id
from sync.messages import ROLES, EnrolRequest
from sync.statement import Statement, StatementKind
from sync.times import format_time

LIFETIME = timedelta(days=14)
ORGANISING_ROLES = frozenset({"organiser", "auditor"})


@dataclass(frozen=True, slots=True)
class Offer:
    """Who is invited: a new member of a unit in a role, or an existing `member`."""

    unit: str
    role: str
    name: str = ""
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that was given out, to be handed to one person."""

    code: str
    unit: str
    role: str
    member: str | None
    expires_at: datetime


def invite(
    connection: Connection, offer: Offer, random: bytes, now: datetime, lifetime: timedelta
) -> Invitation:
    """Give out a code made of random bytes.

    Raises:
        UnknownError: there is no such unit or role.
        ConflictError: the role does not belong to this unit.
    """
    _check_offer(connection, offer)
    code, expires = make_code(random), now + lifetime
    secret = secret_of(code)
    connection.execute(
        "INSERT INTO invite VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        (
            code_id(secret),
            secret,
            offer.unit,
            offer.role,
            offer.name,
            offer.member,
            format_time(now),
            format_time(expires),
        ),
    )
    return Invitation(code, offer.unit, offer.role, offer.member, expires)


def offer_again(connection: Connection, member: str) -> Offer:
    """Return the offer for a further device of a member.

    Raises:
        UnknownError: there is no such member.
        ConflictError: the member is revoked.
    """
    row = connection.execute("SELECT * FROM member WHERE id = ?", (member,)).fetchone()
    if row is None:
        raise UnknownError(
            f"There is no member {member!r}.", hint="`tianbao-server members` lists them."
        )
    if row["revoked_at"] is not None:
        raise ConflictError(
            f"The member {member} is revoked.", code="revoked", hint="Invite the person anew."
        )
    return Offer(row["unit"], row["role"], row["name"], member)


def enrol(
    connection: Connection, request: EnrolRequest, member: str, now: datetime
) -> tuple[Device, bytes]:
    """Enrol a device; return it with the secret of its code. `member` is the id of a new member.

    Raises:
        CodeRefusedError: the code is unknown, used or expired.
        ConflictError: the device is enrolled for somebody else, or revoked; or the code is an
            auditor's, who hands nothing in: it stays good for the browser.
    """
    row = _find(connection, request)
    if row["role"] == "auditor":
        raise ConflictError(
            "This code is an auditor's: it opens the audit pages and enrols no device.",
            code="auditors_code",
            hint="Open the link that came with the code, or /audit/sign-in on the server.",
        )
    device = find_device(connection, key_id(request.public_key))
    if device is not None and row["used_by"] == device.id:
        return device, bytes(row["secret"])
    _check_open(connection, row, now)
    if device is not None:
        raise ConflictError(
            "This device is enrolled already.",
            code="device_enrolled",
            hint="Begin a new home folder for another member.",
        )
    name = _member_of(connection, row, member, now)
    _add_device(connection, request, name, now)
    _use(connection, row["code_id"], key_id(request.public_key), now)
    enrolled = find_device(connection, key_id(request.public_key))
    if enrolled is None:
        raise UnknownError("The device that was just enrolled is not there.")
    return enrolled, bytes(row["secret"])


def redeem(connection: Connection, code: str, user: str, member: str, now: datetime) -> str:
    """Use up an auditor's code for `user`, the id of a session; return the member.

    `member` is the id of the new member, where the code is for one.

    Raises:
        CodeRefusedError: the code is unknown, used, expired, or for no auditor.
    """
    row = connection.execute(
        "SELECT * FROM invite WHERE code_id = ?", (code_id(secret_of(code)),)
    ).fetchone()
    if row is None or row["role"] not in ORGANISING_ROLES:
        raise _unknown_code()
    _check_open(connection, row, now)
    found = _member_of(connection, row, member, now)
    _use(connection, row["code_id"], user, now)
    return found


def _check_offer(connection: Connection, offer: Offer) -> None:
    if offer.role not in ROLES:
        raise UnknownError(
            f"There is no role {offer.role!r}.", hint=f"The roles are {', '.join(ROLES)}."
        )
    if not connection.execute("SELECT 1 FROM unit WHERE code = ?", (offer.unit,)).fetchone():
        raise UnknownError(
            f"There is no unit {offer.unit!r}.", hint="`units import` brings in new ones."
        )
    organising = organising_unit(connection)
    if offer.role in ORGANISING_ROLES and offer.unit != organising:
        raise ConflictError(
            f"The role {offer.role} belongs to the organising unit, {organising}.",
            code="role_of_organiser",
        )


def _find(connection: Connection, request: EnrolRequest) -> Row:
    row: Row | None = connection.execute(
        "SELECT * FROM invite WHERE code_id = ?", (request.code_id,)
    ).fetchone()
    if row is None:
        raise _unknown_code()
    parts = asking_parts(request.code_id, request.public_key, request.device_name, request.nonce)
    if not is_proof(request.proof, bytes(row["secret"]), *parts):
        raise _unknown_code()
    return row


def _check_open(connection: Connection, row: Row, now: datetime) -> None:
    if row["used_at"] is not None:
        raise CodeRefusedError(
            "This invitation code has been used.",
            code="code_used",
            hint="Ask the organiser for a new one.",
        )
    revoked = (
        row["member"] is not None
        and connection.execute(
            "SELECT 1 FROM member WHERE id = ? AND revoked_at IS NOT NULL", (row["member"],)
        ).fetchone()
    )
    if revoked or row["expires_at"] <= format_time(now):
        raise CodeRefusedError(
            "This invitation code has expired.",
            code="code_expired",
            hint="Ask the organiser for a new one.",
        )


def _member_of(connection: Connection, row: Row, member: str, now: datetime) -> str:
    """Return the member that an invitation is for, made under the id `member` where it is new.

    Whom the organiser has not named has no name: a computer's would end up under 填报人.
    """
    if row["member"] is not None:
        return str(row["member"])
    connection.execute(
        "INSERT INTO member VALUES (?, ?, ?, ?, ?, NULL)",
        (member, row["unit"], row["role"], row["name"], format_time(now)),
    )
    return member


def _add_device(connection: Connection, request: EnrolRequest, member: str, now: datetime) -> None:
    device = key_id(request.public_key)
    index = log.append(connection, Statement(StatementKind.ENROL, device, now, member))
    connection.execute(
        "INSERT INTO device VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
        (device, request.public_key, member, request.device_name, index, format_time(now)),
    )


def _use(connection: Connection, invitation: str, user: str, now: datetime) -> None:
    connection.execute(
        "UPDATE invite SET used_at = ?, used_by = ? WHERE code_id = ?",
        (format_time(now), user, invitation),
    )


def _unknown_code() -> CodeRefusedError:
    return CodeRefusedError(
        "This invitation code is unknown here.",
        hint="Check the code and the server's address, or ask the organiser for a new code.",
    )

"""The opened server: everything a request or a command may ask for, one method a use case.

`open_services` opens the stores of a data folder, and nothing else does; whoever calls it holds the
folder's lock. What a method changes is durable when it returns.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import TracebackType
from typing import Self

from server import attachments, campaigns, invitations, log, members, revisions, sessions
from server.arrivals import ArrivedRevision, latest
from server.attachments import StoredAttachment
from server.blobs import Blobs
from server.changes import ChangesPage, Cursor, read_changes
from server.checks import Checks
from server.clock import Clock, utc_now
from server.config import DataFolder
from server.db import Connection, Readers, open_writer
from server.definitions import CompiledForms, Published
from server.directory import Directory
from server.errors import DataFolderError
from server.ingest import Ingest
from server.invitations import Invitation, Offer
from server.keys import ServerKeys, open_keys
from server.members import Device, Member
from server.migrations import migrate
from server.outcomes import decide_held
from server.publishing import publish
from server.revisions import QuarantinedRevision
from server.room import require_room
from server.settings import address, log_name, set_address
from server.uploads import Chunk, Uploads
from server.writer import Writer
from sync.invitation import CODE_RANDOM_BYTES
from sync.messages import EnrolRequest
from sync.times import format_time

FindOffer = Callable[[Connection], Offer]

_ID_BYTES = 8
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class GivenInvitation:
    """A one-time code, with the link under which its use is explained."""

    code: str = field(repr=False)
    link: str = field(repr=False)
    unit: str
    role: str
    member: str | None
    expires_at: str


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """An auditor's new session; `secret` is what the cookie holds."""

    secret: str = field(repr=False)
    member: str


class Services:
    """The use cases of an opened data folder."""

    def __init__(self, folder: DataFolder, clock: Clock, keys: ServerKeys, log: str) -> None:
        self.folder = folder
        self.clock = clock
        self.keys = keys
        self.log = log
        self.readers = Readers(folder.log_db)
        self.writer = Writer(lambda: open_writer(folder.log_db))
        self.forms = CompiledForms(self.readers)
        self.directory = Directory(self.readers)
        self.blobs = Blobs(folder)
        self.uploads = Uploads(folder, self.blobs)
        self.uploads.sweep(clock())
        checks = Checks(log, self.directory.device, self.forms.find)
        self.ingest = Ingest(
            checks, self.writer, clock, lambda name: self.find_attachment(name) is not None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finish what is queued, and close the databases.

        The writer's connection closes last: SQLite then empties the WAL and removes it.
        """
        self.readers.close()
        self.writer.stop()

    @property
    def address(self) -> str:
        """Return the address under which people reach this server."""
        with self.readers.read() as connection:
            return address(connection)

    def set_address(self, url: str) -> None:
        """Keep the address under which people reach this server, for links."""
        if self.address != url.rstrip("/"):
            self.writer.run(lambda connection: set_address(connection, url))

    def invite(
        self,
        unit: str,
        role: str,
        *,
        name: str = "",
        lifetime: timedelta = invitations.LIFETIME,
    ) -> GivenInvitation:
        """Give out a one-time code for a new member of a unit.

        Raises:
            UnknownError: there is no such unit or role.
            ConflictError: the role does not belong to this unit.
        """
        return self._invite(lambda _: Offer(unit, role, name), lifetime)

    def reissue(
        self, member: str, *, lifetime: timedelta = invitations.LIFETIME
    ) -> GivenInvitation:
        """Give out a one-time code for a further device, or sign-in, of a member.

        Raises:
            UnknownError: there is no such member.
            ConflictError: the member is revoked.
        """
        return self._invite(
            lambda connection: invitations.offer_again(connection, member), lifetime
        )

    def enrol(self, request: EnrolRequest) -> tuple[Device, bytes]:
        """Enrol a device; return it with the secret of its code.

        Raises:
            CodeRefusedError: the code is unknown, used or expired.
            ConflictError: the device is enrolled already.
        """
        member = secrets.token_hex(_ID_BYTES)
        enrolled = self.writer.run(
            lambda connection: invitations.enrol(connection, request, member, self.clock())
        )
        self.directory.forget()
        return enrolled

    def publish(self, content: bytes) -> Published:
        """Publish a definition, and decide the revisions that were held for it.

        Raises:
            DefinitionError: the bytes are no definition.
            ConflictError: this version of the form is another definition already.
        """
        return self.writer.run(lambda connection: publish(connection, content, self.clock()))

    def import_units(self, content: bytes) -> int:
        """Take a list of units as the newest; return its index in the log.

        Raises:
            DefinitionError: the bytes are no list of units.
            ConflictError: a unit is missing that is still needed.
        """
        index = self.writer.run(
            lambda connection: campaigns.publish_units(connection, content, self.clock())
        )
        self.directory.forget()
        return index

    def members(self) -> tuple[Member, ...]:
        """Return all members with their devices."""
        with self.readers.read() as connection:
            return members.list_members(connection)

    def revoke(self, name: str) -> tuple[str, ...]:
        """Revoke a device, or a member with all devices and sessions; return the devices.

        Raises:
            UnknownError: no member and no device has this id.
        """
        devices = self.writer.run(lambda connection: members.revoke(connection, name, self.clock()))
        self.directory.forget()
        return devices

    def quarantine(self) -> tuple[QuarantinedRevision, ...]:
        """Return what is kept for the organiser to look at."""
        with self.readers.read() as connection:
            return revisions.quarantine(connection)

    def arrived(self, limit: int) -> tuple[ArrivedRevision, ...]:
        """Return the revisions that arrived last, the newest first."""
        with self.readers.read() as connection:
            return latest(connection, limit)

    def changes(self, device: Device, cursor: Cursor, limit: int) -> ChangesPage:
        """Return the changes that concern a device, from where it has come to.

        Raises:
            ConflictError: the log that the device followed is not this one.
        """
        with self.readers.read() as connection:
            return read_changes(connection, device, cursor, limit)

    def campaign_title(self) -> Mapping[str, str]:
        """Return the campaign's title by language."""
        with self.readers.read() as connection:
            return campaigns.current_campaign(connection).title

    def log_size(self) -> int:
        """Return how many leaves the log has."""
        with self.readers.read() as connection:
            return log.size(connection)

    def names_attachment(self, unit: str, sha256: str) -> bool:
        """Say whether a revision of a unit names a file."""
        with self.readers.read() as connection:
            return attachments.is_named_by_unit(connection, sha256, unit)

    def find_attachment(self, sha256: str) -> StoredAttachment | None:
        """Return a file that is in the log, and whole on the disk."""
        with self.readers.read() as connection:
            stored = attachments.find_attachment(connection, sha256)
        # A restored log may know files that were not restored with it.
        if stored is None or not self.blobs.is_whole(sha256, stored.size):
            return None
        return stored

    def attachment_offset(self, unit: str, sha256: str) -> int:
        """Return how many bytes of a file that is not complete are on the disk for good.

        Raises:
            StorageError: the disk does not say.
        """
        with self.readers.read() as connection:
            sizes = attachments.sizes_named_by_unit(connection, sha256, unit)
        # A crash may have come between the file's name and its leaf: nothing but that is left to do.
        for size in sizes:
            if self.blobs.is_whole(sha256, size):
                return size
        # Of several sizes, nobody says here which is meant: less than is there costs one chunk.
        return min((self.uploads.offset(sha256, size, unit) for size in sizes), default=0)

    def store_chunk(self, unit: str, chunk: Chunk) -> StoredAttachment | int:
        """Store bytes of a file; return it once it is complete and logged, else its offset.

        Raises:
            UnknownError: no revision of the unit names the file.
            ConflictError: it has another size; the bytes before are missing; or all of them are here
                and are not those of its name.
            TooLargeError: the file or the chunk is too large.
            StorageError: it could not be stored now.
        """
        with self.readers.read() as connection:
            attachments.require_size(connection, chunk.sha256, unit, chunk.size)
        if stored := self.find_attachment(chunk.sha256):
            return stored
        require_room(self.folder, for_blobs=True)
        offset = self.uploads.add(replace(chunk, unit=unit))
        if offset < chunk.size:
            return offset
        return self.writer.run(
            lambda connection: attachments.add_attachment(
                connection, chunk.sha256, chunk.size, self.clock()
            )
        )

    def open_session(self, code: str) -> OpenedSession:
        """Use up an auditor's code.

        Raises:
            CodeRefusedError: the code opens nothing.
            sync.errors.CodeError: the text is no code.
        """
        ids = sessions.NewIds(secrets.token_hex(_SECRET_BYTES), secrets.token_hex(_ID_BYTES))
        member = self.writer.run(
            lambda connection: sessions.open_session(connection, code, ids, self.clock())
        )
        return OpenedSession(ids.session, member)

    def find_session(self, secret: str) -> sessions.Session | None:
        """Return the session of a cookie's secret, if it is live."""
        with self.readers.read() as connection:
            return sessions.find_session(connection, secret, self.clock())

    def touch_session(self, secret: str) -> None:
        """Renew a session, because it was used."""
        self.writer.run(lambda connection: sessions.touch_session(connection, secret, self.clock()))

    def close_session(self, secret: str) -> None:
        """End a session for good."""
        self.writer.run(lambda connection: sessions.close_session(connection, secret, self.clock()))

    def _invite(self, find_offer: FindOffer, lifetime: timedelta) -> GivenInvitation:
        random = secrets.token_bytes(CODE_RANDOM_BYTES)

        def give(connection: Connection) -> Invitation:
            offer = find_offer(connection)
            return invitations.invite(connection, offer, random, self.clock(), lifetime)

        given = self.writer.run(give)
        page = "/audit/sign-in" if given.role == "auditor" else "/join"
        return GivenInvitation(
            code=given.code,
            # Behind the # the code stays in the browser: no server and no proxy writes it down.
            link=f"{self.address}{page}#{given.code}",
            unit=given.unit,
            role=given.role,
            member=given.member,
            expires_at=format_time(given.expires_at),
        )


def open_services(folder: DataFolder, clock: Clock = utc_now) -> Services:
    """Open a data folder that `init_data` made; the caller holds its lock.

    Raises:
        DataFolderError: it is none, of a newer version, or a key is missing.
    """
    if not folder.log_db.exists():
        raise DataFolderError(
            f"There is no data in {folder.path}.",
            hint="Run `tianbao-server init --campaign DIR` first.",
        )
    keys = open_keys(folder)
    connection = open_writer(folder.log_db)
    try:
        migrate(connection)
        log = log_name(connection)
    finally:
        connection.close()
    services = Services(folder, clock, keys, log)
    services.writer.run(lambda writing: decide_held(writing, clock()))
    return services

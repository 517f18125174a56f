"""Pushing files: those that the server lacks, each once the server has a revision that names it.

* A file goes in chunks, from the offset on that the server signed for: what arrived is not sent
again, after a break, a restart, or from another device. Nothing but a chunk is ever in memory.
* After a break the server is asked how far it got, and it goes on in the same round; two breaks in a
row that brought nothing end the round for this file.
* A file is compared with its name before its first byte goes out, once in a round.
* A file that does not get through goes behind the others and holds none of them up.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from client.blobs import Blobs
from client.clock import Clock
from client.db import Database
from client.errors import (
    ClientError,
    NoConnectionError,
    NotFoundError,
    RefusedError,
    StorageError,
    UnreachableError,
)
from client.exchange import Exchange, Question
from client.outbox import Outbox
from client.push import Pushed
from client.revisions import Revisions
from client.setbacks import Setbacks
from client.troubles import Troubles
from sync.chunk_size import ChunkSize
from sync.digest import digest_of
from sync.messages import AttachmentAnswer
from sync.request import CONTENT_DIGEST_HEADER, format_content_digest
from sync.revision import Attachment

MOST_FRUITLESS = 2
DAMAGED = "damaged_file"
ELSEWHERE = "file_elsewhere"  # of an edit of another device's entry: it is that device's to send
_SEND_AGAIN = frozenset({"offset", "bad_chunk"})
_NOTED_BYTES = 64 * 1024
_NOTED_SHARE = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file has come, as the server signed."""

    sha256: str
    size: int
    offset: int


class FilePusher:
    """Pushes the files that wait on this device."""

    def __init__(self, db: Database, blobs: Blobs, clock: Clock) -> None:
        self._db = db
        self._blobs = blobs
        self._clock = clock
        self._outbox = Outbox(db)
        self._revisions = Revisions(db)
        self._troubles = Troubles(db)
        self._chunks = ChunkSize()
        self.on_progress: Callable[[Progress], None] = lambda _: None
        self.handled: list[Progress] = []  # the files of the last round

    def push_files(self, exchange: Exchange, pushed: Pushed) -> None:
        """Send every file that the server lacks and whose revision it has.

        Raises:
            NoConnectionError: there is no way to the server.
            ClientError: a file could not be handed over; it goes behind the others.
        """
        setbacks = Setbacks()
        self.handled = []
        for file in self._outbox.files():
            try:
                self._push_file(exchange, file)
            except NoConnectionError:
                raise
            except ClientError as error:
                self._note_failure(file, error)
                if isinstance(error, UnreachableError):
                    setbacks.keep_silence(error)
                elif error.code != ELSEWHERE:
                    setbacks.keep(error)
            else:
                pushed.files += 1
                setbacks.hear()
        setbacks.end()

    def _push_file(self, exchange: Exchange, file: Attachment) -> None:
        sending = _Sending(
            exchange,
            file,
            self._chunks,
            verify=lambda: self._verify(file),
            read=lambda offset, size: self._blobs.read(file.sha256, offset, size),
            note=lambda offset: self._note(file, offset),
            offset=self._outbox.offset(file.sha256),
        )
        try:
            sending.run()
        finally:
            self.handled.append(Progress(file.sha256, file.size, sending.offset))
            self._keep(file, sending.offset)
        with self._db.transaction():
            self._revisions.acknowledge(file.sha256, self._clock.now())

    def _note(self, file: Attachment, offset: int) -> None:
        """Tell how far a file has come, and keep it, but not at each chunk."""
        self.on_progress(Progress(file.sha256, file.size, offset))
        step = max(_NOTED_BYTES, file.size // _NOTED_SHARE)
        if abs(offset - self._outbox.offset(file.sha256)) >= step:
            self._keep(file, offset)

    def _keep(self, file: Attachment, offset: int) -> None:
        if offset == self._outbox.offset(file.sha256):
            return
        with suppress(StorageError), self._db.transaction():  # a full disk: the server knows it
            self._outbox.note_offset(file.sha256, offset)

    def _verify(self, file: Attachment) -> None:
        try:
            self._blobs.verify(file.sha256, file.size)
        except (NotFoundError, StorageError) as error:
            if isinstance(error, NotFoundError) and self._revisions.is_inherited(file.sha256):
                raise NotFoundError(
                    "The device that this file comes from has not handed all of it over yet.",
                    code=ELSEWHERE,
                ) from error
            self._troubles.note(
                DAMAGED,
                file.sha256,
                f"An attached file cannot be handed over: {error.message}",
                "Attach the same file again; it is then sent by itself.",
                self._clock.now(),
            )
            raise
        self._troubles.settle(DAMAGED, file.sha256)

    def _note_failure(self, file: Attachment, error: ClientError) -> None:
        with self._db.transaction():
            self._outbox.note_file(file.sha256, error.message)
        if isinstance(error, RefusedError) and error.status == HTTPStatus.INSUFFICIENT_STORAGE:
            raise error  # the server has no room: the other files would be sent for nothing


@dataclass(slots=True)
class _Sending:
    """One file on its way, in one round."""

    exchange: Exchange
    file: Attachment
    chunks: ChunkSize
    verify: Callable[[], None]
    read: Callable[[int, int], bytes]
    note: Callable[[int], None]
    offset: int  # what the server signed for last
    _furthest: int = 0
    _furthest_at_break: int = 0
    _fruitless: int = 0
    _is_verified: bool = False

    def run(self) -> None:
        """Bring the file over.

        Raises:
            NoConnectionError: there is no way to the server.
            UnreachableError: it breaks, and nothing gets through any more.
            RefusedError: the server does not take the file.
            StorageError: the file is not what it was, or cannot be read.
        """
        while True:
            try:
                self._send_rest(self._ask(Question("GET", f"{self._target}/status")))
            except NoConnectionError:
                raise
            except UnreachableError as error:
                self._go_on_after(error)
            except RefusedError as error:
                if error.code == "bad_digest":
                    self.verify()
                if error.code not in _SEND_AGAIN:
                    raise
                self._go_on_after(error)
            else:
                return

    def _send_rest(self, answer: AttachmentAnswer) -> None:
        if answer.complete:
            return
        if not self._is_verified:
            self.verify()
            self._is_verified = True
        while not answer.complete:
            answer = self._send(answer.offset)

    def _send(self, offset: int) -> AttachmentAnswer:
        """Send the next chunk; the answer is complete or tells a greater offset."""
        chunk = self.read(offset, self.chunks.next())
        digest = digest_of(chunk)
        headers = {
            "Content-Type": "application/octet-stream",
            CONTENT_DIGEST_HEADER: format_content_digest(digest),
        }
        target = f"{self._target}?offset={offset}&size={self.file.size}"
        try:
            answer = self._ask(Question("PATCH", target, chunk, headers))
        except UnreachableError:
            self.chunks.broke()
            raise
        self.chunks.arrived(len(chunk))
        if answer.offset <= offset and not answer.complete:
            raise UnreachableError("The server has not got all of a file yet.", code="incomplete")
        return answer

    def _ask(self, question: Question) -> AttachmentAnswer:
        answer, _ = self.exchange.ask(question, AttachmentAnswer)
        if answer.sha256 != self.file.sha256 or answer.offset > self.file.size:
            raise UnreachableError("The server speaks of another file.", code="incomplete")
        self.offset = answer.offset
        self._furthest = max(self._furthest, answer.offset)
        self.note(answer.offset)
        return answer

    @property
    def _target(self) -> str:
        return f"/v1/attachments/{self.file.sha256}"

    def _go_on_after(self, error: ClientError) -> None:
        """Count a break; raise its error if one more brings nothing either."""
        has_moved = self._furthest > self._furthest_at_break
        self._fruitless = 0 if has_moved else self._fruitless + 1
        self._furthest_at_break = self._furthest
        if self._fruitless >= MOST_FRUITLESS:
            raise error

"""Pushing files: those that the server lacks, each once the server has a revision that names it.

A file that does not get through goes behind the others and holds none of them up.
"""

from client.blobs import Blobs
from client.clock import Clock
from client.db import Database
from client.errors import ClientError, NoConnectionError, UnreachableError
from client.exchange import Exchange, Question
from client.outbox import Outbox
from client.push import Pushed
from client.revisions import Revisions
from client.setbacks import Setbacks
from sync.messages import AttachmentAnswer
from sync.revision import Attachment


class FilePusher:
    """Pushes the files that wait on this device."""

    def __init__(self, db: Database, blobs: Blobs, clock: Clock) -> None:
        self._db = db
        self._blobs = blobs
        self._clock = clock
        self._outbox = Outbox(db)
        self._revisions = Revisions(db)

    def push_files(self, exchange: Exchange, pushed: Pushed) -> None:
        """Send every file that the server lacks and whose revision it has.

        Raises:
            NoConnectionError: there is no way to the server.
            ClientError: a file could not be handed over; it goes behind the others.
        """
        setbacks = Setbacks()
        for file in self._outbox.files():
            try:
                pushed.files += self._push_file(exchange, file)
            except NoConnectionError:
                raise
            except ClientError as error:
                with self._db.transaction():
                    self._outbox.note_file(file.sha256, error.message)
                if isinstance(error, UnreachableError):
                    setbacks.keep_silence(error)
                else:
                    setbacks.keep(error)
            else:
                setbacks.hear()
        setbacks.end()

    def _push_file(self, exchange: Exchange, file: Attachment) -> int:
        target = f"/v1/attachments/{file.sha256}"
        status, _ = exchange.ask(Question("GET", f"{target}/status"), AttachmentAnswer)
        if not _is_complete(status, file):
            self._blobs.verify(file.sha256, file.size)
            with self._blobs.path(file.sha256).open("rb") as body:
                question = Question(
                    "PUT",
                    target,
                    body if file.size else b"",
                    {"Content-Type": file.type},
                    f"sha256:{file.sha256}",
                )
                status, _ = exchange.ask(question, AttachmentAnswer)
        if not _is_complete(status, file):
            raise UnreachableError("The server has not got all of a file yet.", code="incomplete")
        with self._db.transaction():
            self._revisions.acknowledge(file.sha256, self._clock.now())
        return 1


def _is_complete(answer: AttachmentAnswer, file: Attachment) -> bool:
    return answer.sha256 == file.sha256 and answer.complete

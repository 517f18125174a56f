"""Files that come in a bundle, part by part, on their way into the folder of attached files.

* A part goes the way of an uploaded chunk: flushed, counted by offset, and the whole checked against
its name. What an upload over the network left off is gone on with, and the other way round.
* Only what a revision in the log names is taken, in the size that a revision says.
* A lost part leaves its file as far as the part before; the rest comes with an intact copy.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from server import attachments
from server.attachments import StoredAttachment
from server.errors import ServerError
from server.room import require_room
from server.services import Services
from server.uploads import MAX_CHUNK, MIN_CHUNK, Chunk
from sync.bundle import FileChunk


@dataclass(slots=True)
class _Arriving:
    """The file that is coming in: how much of it is stored, and what waits to be."""

    sha256: str
    size: int
    stored: int
    held: bytes = b""

    @property
    def end(self) -> int:
        """Where the next byte belongs."""
        return self.stored + len(self.held)


class CarriedFiles:
    """Takes the parts of files, one file after the other."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._now: _Arriving | None = None
        self.complete: dict[str, StoredAttachment] = {}
        self.trouble: dict[str, str] = {}  # why a file is not complete, by its name

    def take(self, chunk: FileChunk) -> None:
        """Take a part; whatever is wrong with it is noted, and stops nothing else."""
        if self._find(chunk.sha256) is not None:
            return
        try:
            self._take(chunk)
        except ServerError as error:
            self._now = None
            self.trouble[chunk.sha256] = error.code

    def finish(self) -> None:
        """Store what still waits."""
        arriving, self._now = self._now, None
        if arriving is None or len(arriving.held) < MIN_CHUNK:
            return
        try:
            self._store(arriving)
        except ServerError as error:
            self.trouble[arriving.sha256] = error.code

    def look_for(self, names: Iterable[str]) -> list[str]:
        """Return which of these files are not complete; the others stand in `complete`."""
        return [sha256 for sha256 in names if self._find(sha256) is None]

    def _take(self, chunk: FileChunk) -> None:
        if self._now is None or self._now.sha256 != chunk.sha256:
            self.finish()
            self._now = self._begin(chunk.sha256)
        arriving = self._now
        if arriving is None:
            self.trouble[chunk.sha256] = "unknown_attachment"
        elif chunk.offset > arriving.end:
            self.trouble[chunk.sha256] = "offset"
        elif chunk.offset + len(chunk.content) > arriving.size:
            self.trouble[chunk.sha256] = "other_size"
        else:
            arriving.held += chunk.content[arriving.end - chunk.offset :]
            self._store_whole_chunks(arriving)

    def _begin(self, sha256: str) -> _Arriving | None:
        with self._services.readers.read() as connection:
            sizes = attachments.sizes_named(connection, sha256)
        if not sizes:
            return None
        require_room(self._services.folder, for_blobs=True)
        return _Arriving(sha256, min(sizes), self._services.uploads.offset(sha256))

    def _store_whole_chunks(self, arriving: _Arriving) -> None:
        while len(arriving.held) >= MAX_CHUNK or arriving.end == arriving.size:
            self._store(arriving)
            if arriving.stored == arriving.size:
                self._note(arriving)
                return

    def _store(self, arriving: _Arriving) -> None:
        content = arriving.held[:MAX_CHUNK]
        chunk = Chunk(arriving.sha256, arriving.stored, arriving.size, content)
        reached = self._services.uploads.add(chunk)  # the device may be uploading it just now
        arriving.held = arriving.held[reached - arriving.stored :]
        arriving.stored = reached

    def _note(self, arriving: _Arriving) -> None:
        sha256, services = arriving.sha256, self._services
        services.writer.run(
            lambda connection: attachments.add_attachment(
                connection, sha256, arriving.size, services.clock()
            )
        )
        self._now = None
        self._find(sha256)

    def _find(self, sha256: str) -> StoredAttachment | None:
        if sha256 not in self.complete:
            stored = self._services.find_attachment(sha256)
            if stored is None:
                return None
            self.complete[sha256] = stored
            self.trouble.pop(sha256, None)
        return self.complete[sha256]

"""Files that come in a bundle, part by part, on their way into the folder of attached files.

* A part goes the way of an uploaded chunk: flushed, counted by offset, and the whole checked against
its name. What an upload over the network left off is gone on with, and the other way round.
* Only what a revision in the log names is taken. Where revisions say several sizes, it is taken in
  each: the digest of the whole says which of them is right.
* A lost part leaves its file as far as the part before; the rest comes with an intact copy.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from server import attachments
from server.attachments import Claim, StoredAttachment
from server.errors import ServerError
from server.room import require_room
from server.services import Services
from server.uploads import MAX_CHUNK, MIN_CHUNK, Chunk
from sync.bundle import FileChunk


@dataclass(slots=True)
class _Arriving:
    """A file that is coming in, of one of the sizes it is said to have: what is stored, what waits."""

    sha256: str
    claim: Claim
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
        self._name = ""  # of the file that is coming in
        self._now: list[_Arriving] = []  # that file, in each of its sizes
        self.complete: dict[str, StoredAttachment] = {}
        self.trouble: dict[str, str] = {}  # why a file is not complete, by its name

    def take(self, chunk: FileChunk) -> None:
        """Take a part; whatever is wrong with it is noted, and stops nothing else."""
        if self._find(chunk.sha256) is not None:
            return
        try:
            self._require_begun(chunk.sha256)
            codes = self._try_each(chunk)
        except ServerError as error:
            codes = [error.code]
        if codes and all(codes):
            self.trouble[chunk.sha256] = codes[-1]
        self._find(chunk.sha256)

    def finish(self) -> None:
        """Store what still waits."""
        arrived, self._now, self._name = self._now, [], ""
        for arriving in arrived:
            if len(arriving.held) < MIN_CHUNK:
                continue
            try:
                self._store(arriving)
            except ServerError as error:
                self.trouble[arriving.sha256] = error.code

    def look_for(self, names: Iterable[str]) -> list[str]:
        """Return which of these files are not complete; the others stand in `complete`."""
        return [sha256 for sha256 in names if self._find(sha256) is None]

    def _require_begun(self, sha256: str) -> None:
        if self._name == sha256 and self._now:
            return
        self.finish()
        with self._services.readers.read() as connection:
            claims = attachments.claims(connection, sha256)
        if not claims:
            raise attachments.unknown_attachment()
        require_room(self._services.folder, for_blobs=True)
        offset = self._services.uploads.offset
        self._name = sha256
        self._now = [
            _Arriving(sha256, claim, offset(sha256, claim.size, claim.unit)) for claim in claims
        ]

    def _try_each(self, chunk: FileChunk) -> list[str]:
        codes = []
        for arriving in tuple(self._now):
            codes.append(self._try(arriving, chunk))
            if not self._now:
                break  # it is complete, or was its last chance
        return codes

    def _try(self, arriving: _Arriving, chunk: FileChunk) -> str:
        """Take a part for one of the sizes; return what is wrong with it, nothing if nothing is."""
        if chunk.offset > arriving.end:
            return "offset"
        if chunk.offset + len(chunk.content) > arriving.claim.size:
            return "other_size"
        arriving.held += chunk.content[arriving.end - chunk.offset :]
        try:
            self._store_whole_chunks(arriving)
        except ServerError as error:
            self._now.remove(arriving)
            return error.code
        return ""

    def _store_whole_chunks(self, arriving: _Arriving) -> None:
        while len(arriving.held) >= MAX_CHUNK or arriving.end == arriving.claim.size:
            self._store(arriving)
            if arriving.stored == arriving.claim.size:
                self._note(arriving)
                return

    def _store(self, arriving: _Arriving) -> None:
        content, claim = arriving.held[:MAX_CHUNK], arriving.claim
        chunk = Chunk(arriving.sha256, arriving.stored, claim.size, content, claim.unit)
        reached = self._services.uploads.add(chunk)  # the device may be uploading it just now
        arriving.held = arriving.held[reached - arriving.stored :]
        arriving.stored = reached

    def _note(self, arriving: _Arriving) -> None:
        sha256, services = arriving.sha256, self._services
        services.writer.run(
            lambda connection: attachments.add_attachment(
                connection, sha256, arriving.claim.size, services.clock()
            )
        )
        self._now = []

    def _find(self, sha256: str) -> StoredAttachment | None:
        if sha256 not in self.complete:
            stored = self._services.find_attachment(sha256)
            if stored is None:
                return None
            self.complete[sha256] = stored
            self.trouble.pop(sha256, None)
        return self.complete[sha256]

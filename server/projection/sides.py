"""What merging the heads of an entry takes: their contents, and those of what they have in common.

* Contents are read one by one, of heads and their bases alone: however long a history is, and however
  many heads somebody makes, memory stays bounded. What has no room is left out, and named.
* Which are left out depends on the log alone: the preferred heads are merged, at most `MOST_HEADS` of
  `MOST_BYTES`, and no more than have bases of as many bytes.
* A damaged head is left out. A damaged base is one that nobody knows: it decides nothing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.projection.heads import Standing, Stored
from sync.history import Ancestry, Parents, ancestors
from sync.merge import PUT, Version

MOST_HEADS = 64
MOST_BYTES = 16 * 1024 * 1024

Read = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Sides:
    """The heads to be merged, the preferred one first, with the versions that takes.

    There is none where no head can be read.
    """

    heads: tuple[Stored, ...]
    left_out: tuple[Stored, ...]
    versions: Mapping[str, Version]
    contents: Mapping[str, Mapping[str, Any]]

    @property
    def preferred(self) -> Mapping[str, Any]:
        """Return the content of the preferred head."""
        return self.contents[self.heads[0].digest]


@dataclass(slots=True)
class _Reader:
    """Reads contents and keeps them, as long as there is room."""

    read: Read
    room: int
    contents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)

    def take(self, digest: str) -> bool:
        """Read what has to be known of a revision; say whether there was room for it."""
        if digest in self.contents or digest in self.damaged:
            return True
        content = self.read(digest)
        if content is None:
            self.damaged.add(digest)
            return True
        self.room -= len(content)
        if self.room < 0:
            return False
        self.contents[digest] = json.loads(content)
        return True


def sides_of(standing: Standing, read: Read) -> Sides:
    """Return what is to be merged of an entry of several heads."""
    reader = _Reader(read, MOST_BYTES)
    heads = _readable(standing.heads, reader)
    while len(heads) > 1:
        reader.room = MOST_BYTES
        if _has_bases(heads, standing.lineage, reader):
            break
        heads = heads[: len(heads) // 2]
    there = {head.digest for head in heads}
    left_out = tuple(head for head in standing.heads if head.digest not in there)
    versions = _versions(heads, standing.lineage, reader)
    return Sides(tuple(heads), left_out, versions, reader.contents)


def _readable(heads: Sequence[Stored], reader: _Reader) -> list[Stored]:
    found: list[Stored] = []
    for head in heads:
        if len(found) == MOST_HEADS or not reader.take(head.digest):
            break
        if head.digest in reader.contents:
            found.append(head)
    return found


def _has_bases(heads: Sequence[Stored], lineage: Parents, reader: _Reader) -> bool:
    """Read the bases of heads; say whether there was room for all of them."""
    digests = [head.digest for head in heads]
    waiting = True
    while waiting:
        # Without a damaged one, what stands above it may be taken for a base.
        known = _known(lineage, reader)
        bases = sorted(each for each in Ancestry(digests, known).bases if each in known)
        waiting = any(each not in reader.contents for each in bases)
        if not all(reader.take(each) for each in bases):
            return False
    return True


def _known(lineage: Parents, reader: _Reader) -> Parents:
    if not reader.damaged:
        return lineage
    return {digest: above for digest, above in lineage.items() if digest not in reader.damaged}


def _versions(heads: Sequence[Stored], lineage: Parents, reader: _Reader) -> Mapping[str, Version]:
    known = _known(lineage, reader)
    digests = [head.digest for head in heads]
    wanted = ancestors(digests, known).union(digests)
    return {
        digest: _version(digest, tuple(above), reader.contents.get(digest))
        for digest, above in known.items()
        if digest in wanted
    }


def _version(digest: str, parents: tuple[str, ...], said: Mapping[str, Any] | None) -> Version:
    if said is None:  # neither a head nor a base: that it is there is all that counts
        return Version(digest, parents, PUT, {}, {})
    answers, reasons = said["answers"], said["reasons"]
    return Version(digest, parents, said["operation"], answers, reasons, said.get("reason"))

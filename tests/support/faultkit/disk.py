"""A disk that loses power: what may be on it afterwards, given what was written and flushed.

The model, which every count of states rests on:
 * What was flushed stays. Of what was written to a file since its last flush, any subset of the
   512-byte sectors is there; a truncation since then may or may not have happened, and what was
   written after it may be there without it.
 * Names (created, renamed, removed) become durable in the order they changed, when their folder is
   flushed; of those that changed since, any prefix is there.
 * A flush that returned was true.
"""

import shutil
from dataclasses import dataclass, field

SECTOR = 512


@dataclass
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list = field(
        default_factory=list
    )  # (offset, bytes) written, or (size, None) truncated

    def sync(self):
        _apply(self.durable, self.pending)
        self.pending = []


class Disk:
    """Files below one folder, with what is not durable yet."""

    def __init__(self, files):
        self._now = {name: _File(bytearray(content)) for name, content in files.items()}
        self._durable_names = dict(self._now)
        self._changed_names = []  # (name, file or None), in order

    def do(self, step):
        """Take over a step of the recording."""
        if step.kind in {"write", "truncate"}:
            entry = (step.offset, step.data if step.kind == "write" else None)
            self._file(step.name).pending.append(entry)
        elif step.kind == "create":
            self._file(step.name)
        elif step.kind == "rename":
            self._name(step.other, self._now.pop(step.name))
            self._changed_names.append((step.name, None))
        elif step.kind == "unlink":
            self._now.pop(step.name, None)
            self._changed_names.append((step.name, None))
        elif step.kind == "sync":
            self._sync(step.name)

    @property
    def is_settled(self):
        """Say whether nothing is left that a loss of power could take."""
        return not self._changed_names and not any(file.pending for file in self._now.values())

    def after_power_loss(self, chance):
        """Return the files as one of the disks that the loss of power may leave, by chance."""
        way = chance.choice(("nothing", "everything", "prefix", "subset", "subset", "torn"))
        names = dict(self._durable_names)
        changes = self._changed_names
        kept = {"nothing": 0, "everything": len(changes)}.get(way)
        for name, file in changes[: chance.randint(0, len(changes)) if kept is None else kept]:
            if file is None:
                names.pop(name, None)
            else:
                names[name] = file
        return {name: _survivors(file, way, chance) for name, file in names.items()}

    def _file(self, name):
        if name not in self._now:
            self._name(name, _File())
        return self._now[name]

    def _name(self, name, file):
        self._now[name] = file
        self._changed_names.append((name, file))

    def _sync(self, name):
        if name in self._now:
            self._now[name].sync()
            return
        # A folder: the names up to the last one in it are durable, in their order.
        inside = "" if name == "." else name + "/"
        last = max(
            (
                number
                for number, (changed, _) in enumerate(self._changed_names)
                if changed.startswith(inside) and "/" not in changed.removeprefix(inside)
            ),
            default=-1,
        )
        for changed, file in self._changed_names[: last + 1]:
            if file is None:
                self._durable_names.pop(changed, None)
            else:
                self._durable_names[changed] = file
        del self._changed_names[: last + 1]


def _survivors(file, way, chance):
    if not file.pending or way == "nothing":
        return bytes(file.durable)
    content = bytearray(file.durable)
    if way == "everything":
        _apply(content, file.pending)
    elif way == "prefix":
        _apply(content, file.pending[: chance.randint(0, len(file.pending))])
    elif way == "torn":
        whole = chance.randrange(len(file.pending))
        _apply(content, file.pending[:whole])
        _apply(content, _some_sectors(file.pending[whole : whole + 1], chance))
    else:
        _apply(content, _some_sectors(file.pending, chance))
    return bytes(content)


def _some_sectors(pending, chance):
    share = chance.random()
    for offset, data in pending:
        if data is None:
            if chance.random() < share:
                yield offset, None
            continue
        start = 0
        while start < len(data):
            end = min(len(data), (offset + start) // SECTOR * SECTOR + SECTOR - offset)
            if chance.random() < share:
                yield offset + start, data[start:end]
            start = end


def _apply(content, pending):
    for offset, data in pending:
        if data is None:
            _resize(content, offset)
        else:
            if len(content) < offset:
                _resize(content, offset)
            content[offset : offset + len(data)] = data


def _resize(content, size):
    if size < len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))


def states(before, steps, hear, chance, wanted):
    """Yield so many different disks that a recording may leave, spread over all of it.

    `before` are the files as they were, durable; `hear` is told each promise as it is made, so that
    what holds of a disk is known when it comes.
    """
    disk, seen = Disk(before), set()
    moments = sum(step.kind not in {"mark", "create"} for step in steps)
    owed = 0.0
    for step in steps:
        if step.kind == "mark":
            for line in step.data.splitlines():
                hear(line)
            continue
        disk.do(step)
        if step.kind == "create":
            continue
        owed += wanted / moments
        tries = 0
        while owed >= 1 and tries < 4 * owed + 8:
            tries += 1
            files = disk.after_power_loss(chance)
            name = hash(tuple(sorted(files.items())))
            if name not in seen:
                seen.add(name)
                owed -= 1
                yield files


def put(folder, files):
    """Make a folder that holds these files and no other."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

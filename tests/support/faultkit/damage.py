"""What a disk does to a file: a bit is another, a sector is empty, the end is gone."""

SECTOR = 512


def flip(content, at, chance):
    content[at] ^= 1 << chance.randrange(8)


def zero(content, at, chance):
    size = chance.choice((1, 16, SECTOR))
    content[at : at + size] = bytes(min(size, len(content) - at))


def garble(content, at, chance):
    size = min(chance.choice((2, 16, SECTOR)), len(content) - at)
    content[at : at + size] = chance.randbytes(size)


def truncate(content, at, _):
    del content[at:]


KINDS = (flip, flip, zero, garble, truncate)


def damage(path, chance):
    """Damage a file somewhere; return what was done, in words, or None where nothing was changed."""
    before = path.read_bytes()
    if not before:
        return None
    content, kind, at = bytearray(before), chance.choice(KINDS), chance.randrange(len(before))
    kind(content, at, chance)
    if content == before:
        return None
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(mode)
    return f"{kind.__name__} {path.name} at {at} of {len(before)}"

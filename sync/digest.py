"""Digests: the names of everything that has exact bytes."""

import hashlib
import re

_PREFIX = "sha256:"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def digest_of(content: bytes) -> str:
    """Return the name of exact bytes: `sha256:` and 64 hexadecimal digits."""
    return _PREFIX + hashlib.sha256(content).hexdigest()


def is_named(content: object, digest: str) -> bool:
    """Say whether these are the bytes of a name; what a damaged disk gives may be no bytes at all."""
    return isinstance(content, bytes) and digest_of(content) == digest


def is_digest(text: str) -> bool:
    """Say whether a text has the form of a digest."""
    return _DIGEST.fullmatch(text) is not None


def is_hex_digest(text: str) -> bool:
    """Say whether a text is 64 lower-case hexadecimal digits, as attachments are named."""
    return _HEX.fullmatch(text) is not None


def format_digest(raw: bytes) -> str:
    """Return the name for the 32 raw bytes of a SHA-256."""
    return _PREFIX + raw.hex()


def raw_digest(digest: str) -> bytes:
    """Return the 32 raw bytes of a digest."""
    return bytes.fromhex(digest.removeprefix(_PREFIX))

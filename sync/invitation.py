"""Invitation codes: how a device and a server that never met come to trust each other's keys.

A code holds 100 random bits, written so that people can read it out: 20 letters and digits in
groups of five, none of I, L, O, U. The code itself never travels. Both sides derive a secret from
it; the device sends the secret's digest, so that the server finds the invitation, and each side
proves with HMAC-SHA-256 over the other's nonce and its own keys that it knows the secret. Whoever
stands between, a captive portal for one, can neither use the invitation nor slip in keys.
"""

import hashlib
import hmac
import unicodedata

from sync.errors import CodeError

CODE_RANDOM_BYTES = 13
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
_LENGTH = 20
_GROUP = 5
_MISREAD = str.maketrans("OILU", "011V", "-‐‒–—−")


def make_code(random: bytes) -> str:
    """Return a code made of 13 random bytes, of which it uses 100 bits."""
    number = int.from_bytes(random) >> 4
    letters = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(0, 100, 5))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def parse_code(text: str) -> str:
    """Return the 20 letters of a code as a person types it.

    Any case, spaces and dashes anywhere, and the full-width letters of a Chinese keyboard will do.

    Raises:
        CodeError: the text is no code.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    letters = "".join(plain.split()).translate(_MISREAD)
    if len(letters) != _LENGTH or any(letter not in _ALPHABET for letter in letters):
        raise CodeError(
            "This is no invitation code.",
            hint="A code has 20 letters and digits in four groups, as in 7K3QD-….",
        )
    return letters


def secret_of(code: str) -> bytes:
    """Return the secret that both sides derive from a code.

    Raises:
        CodeError: the text is no code.
    """
    return hashlib.sha256(b"tianbao invitation 1\n" + parse_code(code).encode()).digest()


def code_id(secret: bytes) -> str:
    """Return the name under which the server keeps an invitation, in hexadecimal digits."""
    return hashlib.sha256(b"tianbao invitation id 1\n" + secret).hexdigest()


def asking_parts(name: str, public_key: bytes, device_name: str, nonce: str) -> tuple[bytes, ...]:
    """Return what the proof of a device that asks to be enrolled is over: all that it asks."""
    # A lone surrogate is for the message to refuse, which cannot carry it.
    return name.encode(), public_key, device_name.encode(errors="surrogatepass"), nonce.encode()


def proof_of(secret: bytes, *parts: bytes) -> bytes:
    """Return the proof that its maker knows the secret and means exactly these parts."""
    framed = b"".join(len(part).to_bytes(4) + part for part in parts)
    return hmac.digest(secret, framed, "sha256")


def is_proof(proof: bytes, secret: bytes, *parts: bytes) -> bool:
    """Say whether a proof is of this secret over these parts."""
    return hmac.compare_digest(proof, proof_of(secret, *parts))

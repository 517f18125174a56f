"""Ed25519 keys: who signed which bytes, and as what.

Every signature is made over the pre-authentication encoding of DSSE, which binds the type of the
bytes: a signed request can never be taken for a signed revision.
Source: DSSE protocol, "PAE"; RFC 8032 for Ed25519.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.digest import digest_of
from sync.errors import SignatureError

SIGNATURE_LENGTH = 64
KEY_LENGTH = 32

REVISION_TYPE = "application/vnd.tianbao.revision+json"
ANSWER_TYPE = "application/vnd.tianbao.answer+json"
REQUEST_TYPE = "application/vnd.tianbao.request"


class SigningKey:
    """A private key; `seed` is its 32 secret bytes, drawn by the caller."""

    __slots__ = ("_private", "id", "public")

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()
        self.id = key_id(self.public)

    def sign(self, payload_type: str, payload: bytes) -> bytes:
        """Return the raw 64-byte signature over bytes of a type."""
        return self._private.sign(_pae(payload_type, payload))


def key_id(public: bytes) -> str:
    """Return the name of a public key: the first 32 hexadecimal digits of its SHA-256."""
    return digest_of(public).removeprefix("sha256:")[:32]


def verify(public: bytes, payload_type: str, payload: bytes, signature: bytes) -> None:
    """Check a signature.

    Raises:
        SignatureError: it does not fit, or the key is none.
    """
    try:
        _public_key(public).verify(signature, _pae(payload_type, payload))
    except (InvalidSignature, ValueError) as error:
        raise SignatureError("The signature does not fit the bytes and the key.") from error


@lru_cache(maxsize=4096)
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def _pae(payload_type: str, payload: bytes) -> bytes:
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)

"""The nonce that stands in bundles, and that the answer to a bundle has to name.

It is the incarnation, so that a home put back from a backup takes over no older answer, until the
server turns out to have lost what it said: then another one is drawn. What an answer to an earlier
bundle promised may be gone from the server.
"""

import secrets

from client.db import Database
from client.device import Device
from client.settings import read_setting, write_setting

_NONCE = "bundle_nonce"
_BYTES = 16


def bundle_nonce(db: Database, device: Device) -> str:
    """Return the nonce that stands in bundles now."""
    drawn = read_setting(db, _NONCE) or ""
    return drawn + device.incarnation


def renew_bundle_nonce(db: Database) -> None:
    """Draw another nonce, within a transaction: answers to earlier bundles are taken over no more."""
    write_setting(db, _NONCE, secrets.token_hex(_BYTES))

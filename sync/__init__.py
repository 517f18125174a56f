"""The protocol between a device and the server: bytes, digests, signatures, messages.

Pure: no input or output, no clock, no randomness. See `sync/README.md`.
"""

PROTOCOL_VERSION = 1
"""Version of the messages written here. Messages one version older or newer are understood."""

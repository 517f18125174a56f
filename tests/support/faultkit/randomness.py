"""The operating system's randomness from a seed: keys, salts and ids are the same in a replay."""

import os
import random


class seeded_randomness:  # noqa: N801 - reads as the words of a `with`
    """Let the operating system's randomness come from a seed, so that a run is replayed exactly."""

    def __init__(self, seed):
        self._source = random.Random(seed)

    def __enter__(self):
        self._old = os.urandom, random._urandom
        os.urandom = random._urandom = self._source.randbytes

    def __exit__(self, *_):
        os.urandom, random._urandom = self._old

"""Runs: what became of the many, said in three numbers.

Most of what is pushed is logged, in the order in which it was sent, at indexes that follow one
another. A run `(position, count, index)` says so: the items from this position of the request on, so
many, are logged from this index on. Whatever else is to be said of an item stands as a result.
The answer is signed over the request, so that a position names one digest and no other.
"""

from collections.abc import Iterable, Sequence

from sync.errors import MessageError
from sync.messages import ItemResult, ItemState, Run


def shorten(results: Iterable[ItemResult]) -> tuple[tuple[Run, ...], tuple[ItemResult, ...]]:
    """Return the runs in results that stand in the order of the request, and what is left."""
    runs: list[Run] = []
    others: list[ItemResult] = []
    for position, result in enumerate(results):
        index = result.index
        if index is None or result != ItemResult(result.digest, ItemState.LOGGED, index):
            others.append(result)
        elif runs and (sum(runs[-1][:2]), runs[-1][1] + runs[-1][2]) == (position, index):
            begin, count, first = runs[-1]
            runs[-1] = (begin, count + 1, first)
        else:
            runs.append((position, 1, index))
    return tuple(runs), tuple(others)


def lengthen(runs: Iterable[Run], digests: Sequence[str]) -> tuple[ItemResult, ...]:
    """Return the results that runs say of the digests of the request.

    Raises:
        MessageError: they speak of more than was sent.
    """
    found = []
    for position, count, index in runs:
        if position + count > len(digests):
            raise MessageError("The answer speaks of more than was sent.")
        found += [
            ItemResult(digest, ItemState.LOGGED, index + number)
            for number, digest in enumerate(digests[position : position + count])
        ]
    return tuple(found)

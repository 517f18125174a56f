"""What went wrong in a part of a round that goes on all the same, for the end of it.

One item that does not get through holds none of the others up; two in a row mean that it is the
network, and the rest waits for the next round.
"""

from client.errors import ClientError

MOST_SILENCES = 2


class Setbacks:
    """What went wrong in a part of a round that went on all the same."""

    def __init__(self) -> None:
        self._first: ClientError | None = None
        self._silences = 0

    def keep(self, error: ClientError) -> None:
        """Keep a problem for the end."""
        self._first = self._first or error

    def keep_silence(self, error: ClientError) -> None:
        """Keep a problem that may be the network's.

        Raises:
            ClientError: it is the last of too many in a row.
        """
        self.keep(error)
        self.count_silence(error)

    def count_silence(self, error: ClientError) -> None:
        """Note a problem that may be the network's, of something that is offered again at once.

        Raises:
            ClientError: it is the last of too many in a row.
        """
        self._silences += 1
        if self._silences >= MOST_SILENCES:
            raise self._first or error

    def hear(self) -> None:
        """Note that something got through."""
        self._silences = 0

    def end(self) -> None:
        """Raise the first problem, if there was one."""
        if self._first is not None:
            raise self._first

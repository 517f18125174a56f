"""The clock: aware times, whatever year the computer believes in."""

from datetime import UTC, datetime

from client import clock


class Year1970(datetime):
    """The system's time where it stands at the epoch; Windows gives a naive one of these no zone."""

    @classmethod
    def now(cls, tz=None):
        return cls(1970, 1, 1, tzinfo=tz)

    def astimezone(self, tz=None):
        if self.tzinfo is None:
            raise OSError(22, "Invalid argument")
        return super().astimezone(tz)


def test_a_clock_that_stands_at_1970_has_a_zone_on_windows_too(monkeypatch):
    monkeypatch.setattr(clock, "datetime", Year1970)

    now = clock.local_now()

    assert now.utcoffset() is not None
    assert now.astimezone(UTC).year == 1970

"""What an expression may know of the world outside the form.

The package reads no clock and draws no random number: whoever opens a form hands both in. The same
environment gives the same answers, which is what lets a server repeat a device's calculations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Environment:
    """The moment, the person, randomness, and the unit's own entries.

    `now` gives an aware time in the zone the form is filled in. A finalized revision is computed at
    its own time: there `now` always gives that one moment. `own_entries` gives the items of one of
    `Form.instances`, each with name, label, entry, form and the questions as text.
    """

    now: Callable[[], datetime]
    properties: Mapping[str, str]
    uuid: Callable[[], str]
    row_id: Callable[[], str]
    own_entries: Callable[[str], Sequence[Mapping[str, str]]]
    trusts_own_entries: bool = True

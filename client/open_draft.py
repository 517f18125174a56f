"""An open draft in memory: its instance, how far the disk has come, and the last steps for its pages."""

from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from client.opening import Instance

STEPS_KEPT = 500

Json = dict[str, Any]


@dataclass(slots=True)
class OpenDraft:
    """An instance that is being filled.

    `lock` is held for each step. `writing` is held while the draft is written or closed, and is
    taken before `lock`: so a write that is under way never brings a closed draft back, and no
    step waits for it.
    """

    instance: Instance
    opened_at: str
    sequence: int
    saved_sequence: int
    steps: list[Json] = field(default_factory=list)
    is_closed: bool = False
    tried_at: int = 0  # the step at which finalizing it failed last
    lock: RLock = field(default_factory=RLock)
    writing: RLock = field(default_factory=RLock)

    @property
    def is_changed(self) -> bool:
        """Say whether it has steps that the disk has not."""
        return self.saved_sequence < self.sequence and not self.is_closed

    def add_step(self, language: str, change: Json) -> None:
        """Count a step, and keep what it changed for pages that did not see it."""
        self.sequence += 1
        self.steps.append({"sequence": self.sequence, "language": language, **change})
        del self.steps[:-STEPS_KEPT]

    def steps_after(self, sequence: int, language: str) -> list[Json] | None:
        """Return the steps after one, or None if they are not all known, or in another language."""
        if sequence >= self.sequence:
            return []
        steps = [step for step in self.steps if step["sequence"] > sequence]
        if len(steps) != self.sequence - sequence:
            return None
        if language and any(step["language"] != language for step in steps):
            return None
        return steps

    def progress(self) -> Json:
        """Return how far it has come, here and on the disk, and how many rules it breaks."""
        return {
            "sequence": self.sequence,
            "saved_sequence": self.saved_sequence,
            "violations": len(self.instance.session.violations()),
        }

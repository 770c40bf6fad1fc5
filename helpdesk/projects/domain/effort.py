"""How much work is left in a task: what was estimated without what was worked, unless somebody knows better."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Estimate and work of one task, in seconds.

    ``stated_remaining_seconds`` is what somebody said was left when ``stated_at_worked_seconds`` had been worked.
    """

    estimate_seconds: int | None
    worked_seconds: int
    stated_remaining_seconds: int | None = None
    stated_at_worked_seconds: int = 0

    @property
    def remaining_seconds(self) -> int | None:
        """What is left, never negative; None where nobody ever estimated.

        An estimate of 8 h with 3 h worked leaves 5 h. Said to be 6 h then, it is 4 h after 2 h more.
        """
        if self.stated_remaining_seconds is not None:
            since = self.worked_seconds - self.stated_at_worked_seconds
            return max(self.stated_remaining_seconds - since, 0)
        if self.estimate_seconds is None:
            return None
        return max(self.estimate_seconds - self.worked_seconds, 0)

    @property
    def over_seconds(self) -> int:
        """By how much work and what is left are more than the estimate; 0 where they are not, or nobody estimated."""
        if self.estimate_seconds is None:
            return 0
        return max(self.worked_seconds + (self.remaining_seconds or 0) - self.estimate_seconds, 0)

    @property
    def done_percent(self) -> int:
        """How much of all work is behind us, rounded down; 0 where nothing is known."""
        whole = self.worked_seconds + (self.remaining_seconds or 0)
        known = self.remaining_seconds is not None and whole > 0
        return self.worked_seconds * 100 // whole if known else 0

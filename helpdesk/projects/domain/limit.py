"""The most billable hours of a project, and time beyond them (docs/billing.md "Budgets and limits"). Pure."""

from dataclasses import dataclass

from helpdesk.kernel.durations import format_hm

WARN, REFUSE = "warn", "refuse"


@dataclass(frozen=True)
class BillableLimit:
    """At most ``limit_seconds`` of a project are billable; beyond that ``policy`` says warn or refuse.

    ``asks`` is who can raise the limit, where the project has a manager.
    """

    project_name: str
    limit_seconds: int
    policy: str
    asks: str | None = None

    def has_room(self, billable_seconds: int, added_seconds: int) -> bool:
        """Whether so much more fits beside what is billable; 0 more, time about to begin, needs anything to be left."""
        left = self.limit_seconds - billable_seconds
        return left > 0 and added_seconds <= left

    def refusal(self, billable_seconds: int, added_seconds: int = 0) -> str:
        """Return why so much more billable time is refused; empty where it fits, or is only warned of."""
        if self.policy != REFUSE or self.has_room(billable_seconds, added_seconds):
            return ""
        more = f", and {format_hm(added_seconds)} more is too much" if added_seconds else ""
        return f"{self._state(billable_seconds)}{more}. Nothing was saved: {self._remedy()}"

    def warning(self, billable_seconds: int) -> str:
        """Return what to tell where the limit is reached; empty else."""
        if billable_seconds < self.limit_seconds:
            return ""
        return f"{self._state(billable_seconds)}: {self._remedy()}"

    def _state(self, billable_seconds: int) -> str:
        limit, worked = format_hm(self.limit_seconds), format_hm(billable_seconds)
        return f"{self.project_name} takes {limit} billable hours at most, {worked} are worked"

    def _remedy(self) -> str:
        return f"ask {self.asks or 'a manager'} to raise it, or say that the time is not billable."

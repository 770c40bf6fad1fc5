"""What somebody chose for an import, and back from the row that keeps it. Pure."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal, Self

Order = Literal["", "dmy", "mdy"]
EACH_PERSON = "person"
MAKE, REFUSE = "make", "refuse"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Columns and choices of an import (docs/import.md rules 4, 7, 9 to 12).

    ``zone`` is the IANA zone of the times of day, "person" for each person's own. ``invoiced_through`` is the last
    day that was invoiced before; ``reason`` lets time be written on locked days.
    """

    columns: dict[str, int] = field(default_factory=dict)
    order: Order = ""
    unknown: str = MAKE
    zone: str = "UTC"
    invoiced_through: date | None = None
    fallback_client_id: int | None = None
    fallback_project: str = ""
    fallback_task: str = "Imported time"
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return them as a row keeps them."""
        through = self.invoiced_through.isoformat() if self.invoiced_through else None
        return {**asdict(self), "invoiced_through": through}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Self:
        """Return what :meth:`as_json` gave."""
        through = kept.get("invoiced_through")
        return cls(**{**kept, "invoiced_through": date.fromisoformat(through) if through else None})

"""What stands out about submitted time: small named predicates, each with its reason in words. Pure.

A remark refuses nothing. It is what an approver looks at twice, and what "everything without remarks" leaves out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from helpdesk.company.domain import BusinessHours
from helpdesk.kernel.durations import HOUR, MINUTE, format_hm

LONG_SECONDS = 10 * HOUR
OUTSIDE_SECONDS = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class Submitted:
    """The facts of one submitted entry that remarks are made of.

    ``starts`` and ``ends`` are wall-clock times of the client, without a zone; a typed duration has no time of day.
    ``item_seconds`` and ``project_seconds`` are all time there, with this entry. ``trimmed_seconds`` is what the timer
    had counted beyond the entry's end, ``is_trimmed`` whether its person cut a forgotten one. ``beyond_cap`` says what
    the retainer says that has no room for it.
    """

    starts: datetime
    ends: datetime
    duration_only: bool
    note: str
    business_hours: BusinessHours
    is_billable: bool = True
    overlaps: bool = False
    item_seconds: int = 0
    estimate_seconds: int | None = None
    project_seconds: int = 0
    maximum_seconds: int | None = None
    is_edited: bool = False
    written_by: str = ""
    is_trimmed: bool = False
    trimmed_seconds: int = 0
    replaces: bool = False
    beyond_cap: str = ""

    @property
    def worked_seconds(self) -> int:
        """How long the entry is."""
        return int((self.ends - self.starts).total_seconds())


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that stands out: the name of its predicate, and the reason."""

    name: str
    reason: str


def too_long(entry: Submitted) -> str:
    """More than ten hours at a stretch."""
    return f"Long: {format_hm(entry.worked_seconds)}" if entry.worked_seconds > LONG_SECONDS else ""


def overlapping(entry: Submitted) -> str:
    """The person wrote other time for the same hours."""
    return "Overlaps with other time" if entry.overlaps else ""


def out_of_hours(entry: Submitted) -> str:
    """At night or on a weekend by the client's business hours; a typed duration has no time of day."""
    if entry.duration_only:
        return ""
    outside = entry.business_hours.outside_seconds(entry.starts, entry.ends)
    if outside < min(OUTSIDE_SECONDS, entry.worked_seconds or 1):
        return ""
    is_day_off = entry.business_hours.windows[entry.starts.weekday()] is None
    return f"On a {entry.starts:%A}" if is_day_off else f"Out of hours: {entry.starts:%H:%M} to {entry.ends:%H:%M}"


def over_estimate(entry: Submitted) -> str:
    """With it the task has more time than was estimated."""
    if entry.estimate_seconds is None or entry.item_seconds <= entry.estimate_seconds:
        return ""
    return f"{format_hm(entry.item_seconds)} of {format_hm(entry.estimate_seconds)} estimated"


def over_maximum(entry: Submitted) -> str:
    """With it the project has more billable time than its maximum."""
    if not entry.is_billable or entry.maximum_seconds is None or entry.project_seconds <= entry.maximum_seconds:
        return ""
    return f"Project at {format_hm(entry.project_seconds)} of {format_hm(entry.maximum_seconds)} at most"


def over_cap(entry: Submitted) -> str:
    """Its retainer has no room for it, and takes no more unasked."""
    return entry.beyond_cap


def without_note(entry: Submitted) -> str:
    """Nobody says what was done."""
    return "" if entry.note.strip() else "No note"


def edited_since(entry: Submitted) -> str:
    """It was changed after it had been submitted before."""
    return "Changed since it was submitted" if entry.is_edited and not entry.replaces else ""


def on_behalf(entry: Submitted) -> str:
    """Somebody else wrote it."""
    return f"Written by {entry.written_by}" if entry.written_by and not entry.replaces else ""


def replacing(entry: Submitted) -> str:
    """It stands in the place of time that a closed month had drawn."""
    return f"Replaces reversed time, by {entry.written_by or 'Helpdesk'}" if entry.replaces else ""


def trimmed(entry: Submitted) -> str:
    """A forgotten timer was cut."""
    if entry.trimmed_seconds >= MINUTE:
        return f"Timer ran {format_hm(entry.trimmed_seconds)} longer"
    return "Forgotten timer, trimmed" if entry.is_trimmed else ""


PREDICATES: tuple[Callable[[Submitted], str], ...] = (
    too_long,
    overlapping,
    out_of_hours,
    over_estimate,
    over_maximum,
    over_cap,
    trimmed,
    replacing,
    edited_since,
    on_behalf,
    without_note,
)


def remarks_of(entry: Submitted) -> list[Remark]:
    """Return what stands out, in the order of the predicates; nothing where it is time as any other."""
    return [Remark(each.__name__, reason) for each in PREDICATES if (reason := each(entry))]

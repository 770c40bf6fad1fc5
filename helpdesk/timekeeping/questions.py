"""One question about time as a line of the page on which it is answered."""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.durations import format_hm
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries


@dataclass(frozen=True)
class AskLine:
    """What an entry asks. ``trimmed_seconds`` is its length if it were cut at ``trims_to``; None where nothing is."""

    uuid: str
    id: int
    number: int
    title: str
    client_name: str
    note: str
    status: str
    runs: bool
    started_at: datetime
    ended_at: datetime | None
    worked_seconds: int
    asks: str
    why: str
    trims_to: datetime | None
    trimmed_seconds: int | None
    says_seconds: int | None
    can_follow: bool


def ask_line(entry: TimeEntry, *, trims_to: datetime | None, now: datetime) -> AskLine:
    """Return an entry that asks or differs, with what to decide about it."""
    worked = queries.worked_seconds(entry, now=now)
    cut = _seconds(entry.started_at, trims_to) if trims_to and entry.asks in {"idle", "long"} else None
    said = _said_seconds(entry, now) if entry.differs else None
    return AskLine(
        uuid=entry.uuid,
        id=entry.id,
        number=entry.work_item.number,
        title=entry.work_item.title,
        client_name=queries.client_of(entry).name,
        note=entry.note,
        status=entry.status,
        runs=entry.ended_at is None,
        started_at=entry.started_at,
        ended_at=entry.ended_at,
        worked_seconds=worked,
        asks=entry.asks,
        why=_why(entry, said),
        trims_to=trims_to if cut is not None and cut < worked else None,
        trimmed_seconds=cut,
        says_seconds=said,
        can_follow=entry.differs and said is not None and entry.status in {"draft", "submitted", "rejected"},
    )


def _why(entry: TimeEntry, said: int | None) -> str:
    words = {
        "idle": _("Nobody has used this desk in your name for a while, and the timer runs. Did you work on this?"),
        "long": _("That is a long time for one timer. Did you work all of it?"),
        "late": _("A device told of this time later. It crosses time that you have settled already: do both count?"),
    }
    if entry.asks:
        return words[entry.asks]
    if said is None:
        return _("A device told later that this time was not worked like this. It stays as it is unless you change it.")
    return _("A device told later that this took %(time)s. It stays as it is unless you say so.", time=format_hm(said))


def _said_seconds(entry: TimeEntry, now: datetime) -> int | None:
    says = entry.timer_says
    if not says:
        return None
    end = datetime.fromisoformat(says["ended_at"]) if says["ended_at"] else now
    return _seconds(datetime.fromisoformat(says["started_at"]), end)


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))

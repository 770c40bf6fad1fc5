"""The events of a calendar file in words: when on the reader's clock and on the sender's, who, how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel.dates import get_day_names

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext, reader_locale
from helpdesk.infra.web import day_filter, zone

PATTERN = "EEE d MMM y"


@dataclass(frozen=True)
class EventLine:
    """One event; ``theirs`` is when on the sender's clock, empty where that is the reader's."""

    what: str
    title: str
    is_cancelled: bool
    when: str
    theirs: str
    where: str
    organiser: str
    people: list[str]
    repeats: str
    text: str


def event_line(event: Mapping[str, Any]) -> EventLine:
    """Return an event of `intake.parser.calendar` in words."""
    methods = {
        "REQUEST": _("Invitation"),
        "REPLY": _("Answer to an invitation"),
        "COUNTER": _("Another time is proposed"),
    }
    when, theirs = _when(event)
    return EventLine(
        what=_("Cancelled") if event["is_cancelled"] else methods.get(event["method"], _("Event")),
        title=event["title"] or _("no title"),
        is_cancelled=event["is_cancelled"],
        when=when,
        theirs=theirs,
        where=event["where"],
        organiser=event["organiser"],
        people=[_person(one) for one in event["people"]],
        repeats=_repeats(event["repeats"]) if event["repeats"] else "",
        text=event["text"],
    )


def _when(event: Mapping[str, Any]) -> tuple[str, str]:
    begins, ends = event["begins"], event["ends"]
    if begins is None:
        return _("no day is named"), ""
    if event["is_all_day"]:
        return _days(date.fromisoformat(begins["local"]), date.fromisoformat((ends or begins)["local"])), ""
    local = _span(datetime.fromisoformat(begins["local"]), datetime.fromisoformat((ends or begins)["local"]))
    if begins["at"] is None or (ends and ends["at"] is None):
        named = begins["zone"] or _("the sender’s own time")
        return f"{local} ({named})", ""
    first, last = (datetime.fromisoformat((one or begins)["at"]).astimezone(zone()) for one in (begins, ends))
    ours = _span(first.replace(tzinfo=None), last.replace(tzinfo=None))
    return f"{ours} ({zone().key})", "" if ours == local else f"{local} ({begins['zone']})"


def _days(first: date, last: date) -> str:
    if last <= first:
        return day_filter(first, PATTERN)
    return _("%(first)s to %(last)s", first=day_filter(first, PATTERN), last=day_filter(last, PATTERN))


def _span(first: datetime, last: datetime) -> str:
    """Return from when until when; both stand on one clock."""
    begins = f"{day_filter(first.date(), PATTERN)}, {first:%H:%M}"
    if last <= first:
        return begins
    ends = f"{last:%H:%M}" if last.date() == first.date() else f"{day_filter(last.date(), PATTERN)}, {last:%H:%M}"
    return _("%(first)s to %(last)s", first=begins, last=ends)


def _person(person: Mapping[str, str]) -> str:
    answers = {
        "ACCEPTED": _("comes"),
        "DECLINED": _("does not come"),
        "TENTATIVE": _("comes perhaps"),
        "DELEGATED": _("sends somebody else"),
    }
    answer = answers.get(person["answer"])
    return f"{person['who']} ({answer})" if answer else person["who"]


def _repeats(rule: Mapping[str, Any]) -> str:
    """Return how often it takes place, in words where these can say it, else by the rule itself."""
    if not rule["is_simple"]:
        return _("by a rule of its own: %(rule)s", rule=rule["rule"])
    number = rule["interval"]
    every = {
        "DAILY": ngettext("every day", "every %(num)s days", number),
        "WEEKLY": ngettext("every week", "every %(num)s weeks", number),
        "MONTHLY": ngettext("every month", "every %(num)s months", number),
        "YEARLY": ngettext("every year", "every %(num)s years", number),
    }[rule["every"]]
    names = get_day_names("abbreviated", locale=reader_locale() or "en")
    parts = [every]
    if rule["days"]:
        parts.append(_("on %(days)s", days=", ".join(names[day] for day in rule["days"])))
    if rule["count"]:
        parts.append(ngettext("once", "%(num)s times", rule["count"]))
    if rule["until"]:
        parts.append(_("until %(day)s", day=day_filter(date.fromisoformat(rule["until"]), PATTERN)))
    return ", ".join(parts)

"""What the page of approvals shows: one page of what waits, in groups, with prices and what stands out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.export.columns import AT_ONCE, pages
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.links import url_for
from helpdesk.infra.policy import RATES, Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.rates.service.rounding import policies_asked
from helpdesk.timekeeping import render, service
from helpdesk.timekeeping.domain.remarks import Remark
from helpdesk.timekeeping.domain.worked import Preview
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import rights, waiting
from helpdesk.timekeeping.queries.submitted import GROUPS, Filters, Sum, sums_asked
from helpdesk.timekeeping.queries.waiting import Queue, Waiting
from helpdesk.timekeeping.service import pricing


@dataclass(frozen=True)
class WaitingLine:
    """One submitted entry with what approving it would make of it, and what stands out."""

    id: int
    number: int
    title: str
    person_name: str
    client_name: str
    note: str
    day: date
    span: str
    worked_seconds: int
    billable_seconds: int | None
    billable: str
    work_type_name: str
    value_minor: int | None
    currency: str
    rate_reason: str
    problem: str
    rate_scope: dict[str, Any]
    own: bool
    returned_because: str
    remarks: list[Remark]


@dataclass(frozen=True)
class WaitingGroup:
    """What of one group is on the page; ``sum`` counts all of it."""

    sum: Sum
    entries: list[WaitingLine]


def filters_of(args: Mapping[str, str]) -> Filters:
    """Return what the query asks for.

    Raises:
        RuleViolation: something that is no id.
    """
    asked = {name: args[name] for name in GROUPS if args.get(name)}
    if not all(value.isdecimal() and len(value) < 10 for value in asked.values()):  # noqa: PLR2004 - an id
        raise RuleViolation(_("That is nothing to filter by."))
    return Filters(**{name: int(value) for name, value in asked.items()})


def queue_page(session: Session, *, actor: Actor, group: str, filters: Filters, after: int | None) -> dict[str, Any]:
    """Return what the template needs.

    Raises:
        Denied: the actor approves nobody's time.
    """
    reach = rights.require_approver(session, actor)
    group = group if group in GROUPS else "person"
    ask_ahead(session, sums_asked(reach), policies_asked(), *waiting.questions(), *pricing.questions())
    found = waiting.queue(session, reach=reach, group=group, filters=filters, after=after)
    priced = service.preview(session, [line.entry for line in found.lines])
    asked = filters.wanted
    return {
        "total": {
            "count": sum(each.count for each in found.groups.values()),
            "seconds": sum(each.seconds for each in found.groups.values()),
        },
        "groups": _groups(found, group, priced, reach),
        "group": group,
        "group_names": _group_names(),
        "choices": found.choices,
        "asked": asked,
        "first_url": url_for("timekeeping.approvals", group=group, **asked) if after else None,
        "next_url": url_for("timekeeping.approvals", group=group, after=found.next_after, **asked)
        if found.next_after
        else None,
        "shows_money": actor.is_one_of(RATES),
        "most_at_once": waiting.MOST_AT_ONCE,
    }


def waiting_lines(session: Session, *, actor: Actor, group: str, filters: Filters) -> Iterator[WaitingLine]:
    """Return all that waits and meets the filters, in the order of the pages.

    Raises:
        Denied: the actor approves nobody's time.
    """
    reach = rights.require_approver(session, actor)
    group = group if group in GROUPS else "person"

    def read(after: int | None) -> tuple[list[WaitingLine], int | None]:
        found = waiting.queue(session, reach=reach, group=group, filters=filters, after=after, limit=AT_ONCE)
        priced = service.preview(session, [line.entry for line in found.lines])
        lines = [_line(each, priced[each.entry.id], own=not reach.approves(each.entry)) for each in found.lines]
        return lines, found.next_after

    return pages(read)


def _group_names() -> dict[str, str]:
    return {"person": _("Person"), "client": _("Client"), "project": _("Project"), "manager": _("Project manager")}


def _groups(found: Queue, group: str, priced: Mapping[int, Preview], reach: rights.Reach) -> list[WaitingGroup]:
    return [
        WaitingGroup(
            found.groups.get(key) or Sum(key, "", 0, 0),
            [_line(each, priced[each.entry.id], own=not reach.approves(each.entry)) for each in of_group],
        )
        for key, of_group in groupby(found.lines, key=lambda each: _key(each.entry, group))
    ]


def _key(entry: TimeEntry, group: str) -> int:
    project = entry.work_item.project
    keys = {
        "person": entry.person_id,
        "client": project.client_id,
        "project": project.id,
        "manager": project.manager_id or 0,
    }
    return keys[group]


def _line(each: Waiting, bills: Preview, *, own: bool) -> WaitingLine:
    entry = each.entry
    return WaitingLine(
        id=entry.id,
        number=entry.work_item.number,
        title=entry.work_item.title,
        person_name=entry.person.name,
        client_name=queries.client_of(entry).name,
        note=entry.note,
        day=queries.day_of(entry),
        span=queries.span_of(entry),
        worked_seconds=queries.worked_of(entry).seconds,
        billable_seconds=bills.billable_seconds,
        billable=entry.billable,
        work_type_name=entry.work_type.name if entry.work_type else "",
        value_minor=bills.value_minor,
        currency=bills.currency,
        rate_reason=bills.rate_reason,
        problem=bills.problem,
        rate_scope=render.rate_scope(entry),
        own=own,
        returned_because=entry.returned_because,
        remarks=each.remarks,
    )

"""What keeps a month from being billed as it was worked: timers, time, rates, clients, expenses (rules 2, 6, 16)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import Select, and_, func, select, union
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client, Contact
from helpdesk.infra.ahead import Question, models_of, rows_of
from helpdesk.infra.policy import Actor
from helpdesk.invoicing.drafts import expense_lines, selection
from helpdesk.invoicing.drafts.selection import Facts
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.words import reason_text
from helpdesk.kernel.periods import Month
from helpdesk.projects.models import Project, WorkItem
from helpdesk.retainers import settled
from helpdesk.tickets.models import TicketDetails
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.domain.remarks import over_cap
from helpdesk.timekeeping.domain.worked import seconds_between
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as timekeeping
from helpdesk.timekeeping.queries import rights, waiting

Row = dict[str, Any]


@dataclass(frozen=True)
class Unapproved:
    """The time that nobody has approved: ``people`` with all of theirs, and what of it the actor can approve now.

    ``plain_ids`` are entries that stand out in no way, ``standing_out`` those of which somebody has to see why they
    do, with their ids. Both together are as many as one act takes, the oldest first.
    """

    people: list[Row]
    plain_ids: list[int]
    standing_out: list[Row]


def running_timers(session: Session, ends_at: datetime) -> list[Row]:
    """Return the timers of clients that began before the end of the month and still run."""
    return [row._asdict() for row in rows_of(session, timers_asked(ends_at))]


def timers_asked(ends_at: datetime) -> Question:
    """Return the question of `running_timers`, to be asked together with others."""
    return (
        select(Person.name.label("person_name"), WorkItem.number, WorkItem.title, TimeEntry.started_at)
        .join(TimeEntry.person)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .where(TimeEntry.ended_at.is_(None), TimeEntry.started_at < ends_at, Client.is_internal.is_(False))
        .order_by(TimeEntry.started_at)
    )


def unapproved(session: Session, *, actor: Actor, ends_at: datetime) -> Unapproved:
    """Return the time before the end of the month that nobody has approved."""
    entries = rows_of(session, unapproved_asked(session, actor=actor, ends_at=ends_at))
    ready = [entry for entry in entries if entry.is_ready]
    looked_at = waiting.waiting(session, ready[: waiting.MOST_AT_ONCE])
    return Unapproved(
        people=_by_person(entries),
        plain_ids=[each.entry.id for each in looked_at if not each.remarks],
        standing_out=[_standing_out(each) for each in looked_at if each.remarks],
    )


def unapproved_asked(session: Session, *, actor: Actor, ends_at: datetime) -> Question:
    """Return the question of `unapproved`, to be asked together with others; what the actor can approve is ready."""
    reach = rights.reach_of(session, actor)
    is_ready = and_(TimeEntry.status == "submitted", reach.condition_to_approve)
    return (
        select(
            TimeEntry.id,
            TimeEntry.person_id,
            Person.name.label("person_name"),
            Client.name.label("client_name"),
            TimeEntry.started_at,
            TimeEntry.ended_at,
            is_ready.label("is_ready"),
        )
        .join(TimeEntry.person)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .where(
            TimeEntry.status.in_(("draft", "submitted")),
            TimeEntry.ended_at.is_not(None),
            TimeEntry.started_at < ends_at,
            Client.is_internal.is_(False),
        )
        .order_by(TimeEntry.started_at, TimeEntry.id)
    )


def _by_person(entries: Iterable[Any]) -> list[Row]:
    by_person: dict[int, list[Any]] = defaultdict(list)
    for entry in entries:
        by_person[entry.person_id].append(entry)
    return [_of_person(own) for own in sorted(by_person.values(), key=lambda own: own[0].person_name)]


def _of_person(entries: Sequence[Any]) -> Row:
    return {
        "person_id": entries[0].person_id,
        "person_name": entries[0].person_name,
        "client_names": ", ".join(sorted({entry.client_name for entry in entries})),
        "count": len(entries),
        "worked_seconds": sum(seconds_between(entry.started_at, entry.ended_at) for entry in entries),
    }


def _standing_out(each: waiting.Waiting) -> Row:
    entry = each.entry
    return {
        "id": entry.id,
        "number": entry.work_item.number,
        "title": entry.work_item.title,
        "note": entry.note,
        "person_name": entry.person.name,
        "client_name": timekeeping.client_of(entry).name,
        "day": timekeeping.day_of(entry),
        "worked_seconds": timekeeping.worked_of(entry).seconds,
        "remarks": [remark.reason for remark in each.remarks],
        "is_refused": over_cap.__name__ in {remark.name for remark in each.remarks},
    }


def clients_without_rates(session: Session, ends_at: datetime) -> Sequence[Client]:
    """Return the clients with approved time that lacks a price, by name."""
    return models_of(session, clients_asked(ends_at))


def facts_asked(month: Month, ends_at: datetime) -> dict[str, Select[Any]]:
    """Return the questions what closed months settled of clients with drafts, or with time that lacks a price."""
    drafted = select(Invoice.client_id).where(Invoice.month == month.first_day, Invoice.status == "draft")
    unpriced = clients_asked(ends_at).with_only_columns(Client.id, maintain_column_froms=True).order_by(None)
    return settled.to_ask(union(drafted, unpriced))


def facts_of(session: Session, *, clients: Sequence[Client], month: Month, ends_at: datetime) -> Facts:
    """Return the facts about the time of these clients: of drafts of the month, or with time that lacks a price."""
    asked = facts_asked(month, ends_at)
    found = settled.settled_among({name: models_of(session, query) for name, query in asked.items()})
    return selection.facts_of(session, clients=clients, month=month, found=found)


def clients_asked(ends_at: datetime) -> Select[Client]:
    """Return the question of `clients_without_rates`, to be asked together with others."""
    return (
        select(Client)
        .join(Project, Project.client_id == Client.id)
        .join(WorkItem, WorkItem.project_id == Project.id)
        .join(TimeEntry, TimeEntry.work_item_id == WorkItem.id)
        .where(
            Client.is_internal.is_(False),
            TimeEntry.billable == "billable",
            TimeEntry.status.in_(charging.APPROVED),
            TimeEntry.rate_minor.is_(None),
            TimeEntry.started_at < ends_at,
        )
        .distinct()
        .order_by(Client.name)
    )


def missing_rates(
    session: Session, *, clients: Iterable[Client], month: Month, facts: Facts, next_url: str
) -> list[Row]:
    """Return what approved time of clients lacks a price, by person, work type and client; covered time needs none.

    ``rate_url`` is the form for such a rate, filled in, which leads back to ``next_url``.
    """
    rows: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    found: dict[str, Client] = {}
    for client in clients:
        found[client.name] = client
        for row in selection.left_out(session, client=client, month=month, facts=facts):
            if row["reason"] == "rate_missing":
                rows[(str(row["person"]), str(row["work_type"]), client.name)].append(row)
    return [
        {
            "person_name": person,
            "work_type_name": work_type,
            "client_name": client_name,
            "billable_seconds": sum(row["seconds"] for row in of_group),
            "rate_url": _rate_form(found[client_name], of_group, next_url),
        }
        for (person, work_type, client_name), of_group in sorted(rows.items(), key=lambda each: each[0])
    ]


def _rate_form(client: Client, rows: Sequence[Row], next_url: str) -> str:
    """Return the address of the form for a rate, filled in so that it prices this time from its first day on."""
    values: Row = {
        "client": client.id,
        "person": rows[0]["person_id"],
        "currency": client.currency,
        "from": min(row["day"] for row in rows),
        "next": next_url,
    }
    return url_for("rates.index", **values, _anchor="add")


def without_client(session: Session, ends_at: datetime) -> list[Row]:
    """Return the tickets in Triage on which somebody has worked: nobody knows whom to bill."""
    return [row._asdict() for row in rows_of(session, triage_asked(ends_at))]


def triage_asked(ends_at: datetime) -> Question:
    """Return the question of `without_client`, to be asked together with others."""
    worked = (
        select(TimeEntry.work_item_id)
        .where(TimeEntry.started_at < ends_at, TimeEntry.billable != "not_billable")
        .distinct()
    )
    return (
        select(WorkItem.number, WorkItem.title, func.coalesce(Contact.email, "").label("sender"))
        .join(WorkItem.project)
        .outerjoin(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .outerjoin(TicketDetails.requester)
        .where(Project.is_triage.is_(True), WorkItem.id.in_(worked))
        .order_by(WorkItem.number)
    )


def unapproved_expenses(session: Session, *, month: Month) -> list[Row]:
    """Return by person the expenses up to the end of the month that nobody has approved."""
    by_person: dict[str, dict[str, int]] = defaultdict(dict)
    for name, status, count in expense_lines.unapproved(session, month=month):
        by_person[name][status] = count
    return [
        {
            "person_name": name,
            "count": sum(counts.values()),
            "said": ", ".join(f"{count} {reason_text(status)}" for status, count in counts.items()),
        }
        for name, counts in by_person.items()
    ]

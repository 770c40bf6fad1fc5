"""What the month-end page shows, from top to bottom (docs/billing.md rule 23)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.company import service as company
from helpdesk.expenses.service.pricing import exchanged_asked
from helpdesk.infra.ahead import Question, ask_ahead, rows_of
from helpdesk.infra.policy import Actor
from helpdesk.infra.web import money_filter
from helpdesk.invoicing import queries, readiness, service
from helpdesk.invoicing.drafts import expense_lines
from helpdesk.invoicing.models import CloseRun, CloseStep
from helpdesk.invoicing.pages import month_mail
from helpdesk.invoicing.pages import month_problems as problems
from helpdesk.invoicing.pages.month_review import review
from helpdesk.invoicing.series import series_asked
from helpdesk.invoicing.words import month_label
from helpdesk.kernel.periods import Month, local_day
from helpdesk.timekeeping.queries import entries as timekeeping
from helpdesk.timekeeping.queries import waiting

Page = dict[str, Any]


def close_page(session: Session, *, actor: Actor, month: Month, now: datetime) -> Page:
    """Return the whole page: what is missing, the run, the drafts against the month before, what is on its way."""
    zone = ZoneInfo(company.get_company(session).time_zone)
    ends_at = month.instants(zone)[1]
    ask_ahead(
        session,
        problems.timers_asked(ends_at),
        problems.clients_asked(ends_at),
        problems.triage_asked(ends_at),
        expense_lines.unapproved_asked(month),
        expense_lines.taxes_asked(month),
        readiness.billed_in(month),
        timekeeping.lock_asked(),
        series_asked(session, now=now),
        _run_asked(month),
        _steps_asked(month),
        _clients_asked(),
        problems.unapproved_asked(session, actor=actor, ends_at=ends_at),
        *queries.months_to_ask([month.first_day, month.previous.first_day]).values(),
        *problems.facts_asked(month, ends_at).values(),
        *waiting.questions(),
        *month_mail.questions_of(month),
        expense_lines.reasons_asked(month),
        exchanged_asked(company.get_company(session).currency, local_day(now, zone)),
    )
    run, found = _run(session, month), queries.of_months(session, months=[month, month.previous])
    before, invoices = found[month.previous], found[month]
    unpriced = problems.clients_without_rates(session, ends_at)
    drafted = [invoice.client for invoice in invoices if invoice.status == "draft"]
    clients = {each.id: each for each in (*unpriced, *drafted)}
    facts = problems.facts_of(session, clients=[*clients.values()], month=month, ends_at=ends_at)
    time = problems.unapproved(session, actor=actor, ends_at=ends_at)
    missing = {
        "timers": problems.running_timers(session, ends_at),
        "unapproved": time.people,
        "missing_rates": problems.missing_rates(
            session, clients=unpriced, month=month, facts=facts, next_url=_url(month)
        ),
        "unresolved": problems.without_client(session, ends_at),
        "expenses": problems.unapproved_expenses(session, month=month),
        "lacking": readiness.missing_of_month(session, actor=actor, month=month, today=local_day(now, zone)),
    }
    drafts = review(session, month=month, invoices=invoices, before=before, facts=facts)
    mail = month_mail.on_the_way(session, month=month, invoices=invoices, now=now)
    ready = sum(draft["issuable"] for draft in drafts)
    numbers = service.next_numbers(session, now=now, count=max(ready, 1))
    return {
        "month": _stepper(month, is_over=now >= ends_at),
        "sums": {
            "drafts": _totals(draft for draft in drafts if draft["issuable"]),
            "drafted": len(drafts),
            "clients": run["total"] if run else _client_count(session),
            "issued": len(drafts) - ready,
            "needs_you": sum(map(bool, missing.values())) + (len(run["failed"]) if run else 0) + len(mail.stays),
        },
        **missing,
        "plain_ids": time.plain_ids,
        "standing_out": time.standing_out,
        "run": run,
        "drafts": drafts,
        "lock": _lock(session, month),
        "ready": {"count": ready, "first_number": numbers[0], "last_number": numbers[-1]},
        "mail": mail,
    }


def _url(month: Month) -> str:
    return url_for("invoicing.close", month=str(month))


def _stepper(month: Month, *, is_over: bool) -> Page:
    return {
        "key": str(month),
        "label": month_label(month),
        "previous_label": month_label(month.previous),
        "before_url": _url(month.previous),
        "after_url": _url(month.next),
        "over": is_over,
    }


def _lock(session: Session, month: Month) -> Page:
    """Return until when time is locked, and whether that covers the month: the close offers it and does not do it."""
    through = timekeeping.locked_through(session)
    return {
        "through": through,
        "last_day": month.last_day.isoformat(),
        "done": through is not None and through >= month.last_day,
    }


def _client_count(session: Session) -> int:
    return int(rows_of(session, _clients_asked())[0].count)


def _clients_asked() -> Select[int]:
    counted = func.count(Client.id).label("count")
    return select(counted).where(Client.is_internal.is_(False), Client.archived_at.is_(None))


def _run(session: Session, month: Month) -> Page | None:
    run = next(iter(rows_of(session, _run_asked(month))), None)
    if run is None:
        return None
    steps = rows_of(session, _steps_asked(month))
    failed = [step for step in steps if step.state == "failed"]
    return {
        "started_at": run.started_at,
        "started_by": run.started_by or "Helpdesk",
        "done": sum(step.state not in {"waiting", "failed"} for step in steps),
        "total": len(steps),
        "failed": [{"client_name": step.client_name, "error": step.error} for step in failed],
    }


def _run_asked(month: Month) -> Question:
    run = select(CloseRun.started_at, Person.name.label("started_by"))
    return run.outerjoin(Person, Person.id == CloseRun.started_by_id).where(CloseRun.month == month.first_day)


def _steps_asked(month: Month) -> Question:
    steps = select(CloseStep.state, CloseStep.error, Client.name.label("client_name"))
    steps = steps.join(CloseStep.run).join(CloseStep.client).where(CloseRun.month == month.first_day)
    return steps.order_by(CloseStep.client_id)


def _totals(drafts: Iterable[Page]) -> list[str]:
    minor: dict[str, int] = defaultdict(int)
    for draft in drafts:
        minor[draft["currency"]] += draft["total_minor"]
    return [money_filter(amount, currency) for currency, amount in sorted(minor.items())]

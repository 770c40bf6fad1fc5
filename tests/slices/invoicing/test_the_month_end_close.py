"""One run over all clients: each a step of its own, resumable, nothing twice (docs/billing.md "Month-end close")."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import process, service
from helpdesk.invoicing.models import CloseRun, CloseStep, Invoice
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers.models import RetainerPeriod
from tests.slices.invoicing.conftest import DECEMBER, hours


def steps() -> dict[str, tuple[str, str]]:
    with unit_of_work() as session:
        return {step.client.name: (step.state, step.error) for step in session.scalars(select(CloseStep))}


def count(model) -> int:
    with unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_the_close_closes_retainers_and_drafts_one_invoice_a_client(story):
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("25", "2026-11-02")
    story.log("2", "2026-11-02", item=story.office.globex_ticket, status="submitted")

    done = story.close()

    assert (done["Acme"].state, done["Acme"].total_minor, done["Acme"].currency) == ("drafted", 714000, "EUR")
    assert (done["Globex"].state, done["Globex"].left_out[0]["reason"]) == ("nothing", "submitted")
    assert "Halden & Okoye" not in done
    assert steps() == {"Acme": ("drafted", ""), "Globex": ("nothing", "")}
    assert count(RetainerPeriod) == 1


def test_a_second_run_does_nothing_new(story):
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("25", "2026-11-02")
    first = story.close()

    again = story.close()

    assert again == first
    assert (count(CloseRun), count(Invoice), count(RetainerPeriod)) == (1, 1, 1)
    assert story.charges()[-1] == ("overage", hours("5"), "held")


def test_the_failure_of_one_client_stops_only_that_one_and_a_later_run_takes_it_up(story, monkeypatch):
    story.log("1")
    story.log("2", item=story.office.globex_ticket)
    draft = service.draft_month

    def refuse_acme(session, *, client_id, **more):
        invoice = draft(session, client_id=client_id, **more)
        if client_id == story.office.acme.id:
            message = "Reverse charge needs the client's VAT number."
            raise RuleViolation(message)
        return invoice

    with monkeypatch.context() as patched:
        patched.setattr(service, "draft_month", refuse_acme)
        done = story.close()

    assert (done["Acme"].state, done["Globex"].state) == ("failed", "drafted")
    assert steps()["Acme"] == ("failed", "Reverse charge needs the client's VAT number.")
    assert story.charges() == [("hourly", hours("2"), "held")]

    assert story.close()["Acme"].state == "drafted"
    assert steps()["Acme"] == ("drafted", "")


def test_a_kill_between_clients_is_taken_up_by_the_next_run(story, monkeypatch):
    story.log("1")
    story.log("2", item=story.office.globex_ticket)
    draft = service.draft_month

    def die_at_globex(session, *, client_id, **more):
        if client_id == story.office.globex.id:
            raise KeyboardInterrupt
        return draft(session, client_id=client_id, **more)

    with monkeypatch.context() as patched:
        patched.setattr(service, "draft_month", die_at_globex)
        with pytest.raises(KeyboardInterrupt):
            story.close()

    assert steps() == {"Acme": ("drafted", ""), "Globex": ("waiting", "")}
    story.close()
    assert steps() == {"Acme": ("drafted", ""), "Globex": ("drafted", "")}
    assert count(Invoice) == 2


def test_a_dry_run_says_the_same_and_writes_nothing(story):
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("25", "2026-11-02")

    tried = story.close(dry_run=True)

    assert (tried["Acme"].state, tried["Acme"].total_minor) == ("drafted", 714000)
    assert (count(CloseRun), count(Invoice), count(RetainerPeriod)) == (0, 0, 0)
    assert story.charges() == []


def test_a_retainer_month_that_is_not_over_fails_with_the_reason(story):
    story.agree(per_month="20", fee="5000")
    story.now = DECEMBER.replace(month=11, day=20)

    done = story.close()

    assert done["Acme"].state == "failed"
    assert "has not ended yet" in done["Acme"].error


def test_the_reviewed_drafts_are_issued_in_order_and_a_refusal_stops_only_its_own(story):
    story.log("1")
    story.log("2", item=story.office.globex_ticket)
    done = story.close()
    ids = [done["Globex"].invoice_id, 10**6, done["Acme"].invoice_id, done["Acme"].invoice_id]

    results = process.issue_reviewed(unit_of_work, actor=SYSTEM, clock=lambda: story.now, invoice_ids=ids)

    assert [(each.client_name, each.state) for each in results] == [
        ("Globex", "issued"),
        ("", "failed"),
        ("Acme", "issued"),
        ("Acme", "failed"),
    ]
    assert [story.invoice(invoice_id).number for invoice_id in (ids[0], ids[2])] == ["INV-2026-0001", "INV-2026-0002"]
    assert steps() == {"Acme": ("issued", ""), "Globex": ("issued", "")}
    assert story.close()["Acme"].state == "issued"


def test_a_draft_that_was_changed_since_it_was_reviewed_is_not_issued(story):
    story.log("1")
    draft = story.invoice(story.close()["Acme"].invoice_id)

    [result] = process.issue_reviewed(
        unit_of_work,
        actor=SYSTEM,
        clock=lambda: story.now,
        invoice_ids=[draft.id],
        versions={draft.id: draft.version - 1},
    )

    assert result.state == "failed"
    assert "changed in the meantime" in result.error
    assert story.invoice(draft.id).number is None


def test_the_command_closes_one_client_by_name(story):
    story.log("1")
    story.log("2", item=story.office.globex_ticket)

    done = process.close_named(
        unit_of_work, actor=SYSTEM, clock=lambda: story.now, month="2026-11", client_name="Globex", dry_run=False
    )

    assert [(each.client_name, each.state) for each in done] == [("Globex", "drafted")]
    with pytest.raises(NotFound, match="no client called 'Globexx'"):
        process.close_named(
            unit_of_work, actor=SYSTEM, clock=lambda: story.now, month="2026-11", client_name="Globexx", dry_run=True
        )


def test_ten_closes_of_one_month_at_once_make_one_invoice_a_client(app: Flask, story):
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("25", "2026-11-02")
    story.log("2", item=story.office.globex_ticket)
    ready, states = threading.Barrier(10), []

    def run() -> None:
        with app.app_context():
            ready.wait()
            states.append({name: each.state for name, each in story.close().items()})

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert states == [{"Acme": "drafted", "Globex": "drafted"}] * 10
    assert (count(Invoice), count(RetainerPeriod), count(CloseRun)) == (2, 1, 1)


def test_months_that_were_never_closed_are_closed_on_the_way(story):
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("25", "2026-11-02")
    story.now = DECEMBER.replace(year=2027, month=1)

    done = story.close(Month(2026, 12))

    assert done["Acme"].total_minor == (2 * 500000 + 100000) * 119 // 100
    assert count(RetainerPeriod) == 2


def test_a_month_that_is_not_over_is_closed_for_nobody_even_without_a_retainer(story):
    story.log("2", "2026-12-01")

    done = story.close(Month(2026, 12))

    assert (done["Acme"].state, done["Acme"].error) == (
        "failed",
        "2026-12 has not ended yet in Europe/Berlin; a month is closed after its end.",
    )
    assert count(Invoice) == 0

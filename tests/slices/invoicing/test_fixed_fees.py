"""A project at a fixed fee is billed in its instalments, each once, and not by the hour (docs/billing.md rule F1)."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from helpdesk import doctor
from helpdesk.clients.models import Client
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.drafts import selection
from helpdesk.invoicing.drafts.leaving import take_off
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.projects import fees
from helpdesk.projects.models import FixedFee, Project
from helpdesk.timekeeping import charging
from tests.slices.invoicing.conftest import DECEMBER, NOVEMBER, Story, printed
from tests.waiting import eventually


@pytest.fixture
def fixed(story):
    """Acme's project costs 1,000.00 and is billed by thirds on 1 November, 30 November and 15 December."""
    project_id = story.office.acme_project.id
    with unit_of_work() as session:
        session.get_one(Project, project_id).billing = "fixed_fee"
        fees.set_whole(session, actor=SYSTEM, now=story.now, project_id=project_id, amount_minor=100000)
    for what, due_on, percent in (
        ("Start", date(2026, 11, 1), "33.3"),
        ("Middle", date(2026, 11, 30), "33.3"),
        ("End", date(2026, 12, 15), "33.4"),
    ):
        add(story, what, due_on, percent=Decimal(percent))
    return story


def add(story: Story, what: str, due_on: date, **part) -> FixedFee:
    with unit_of_work() as session:
        project_id = story.office.acme_project.id
        return fees.add_fee(
            session, actor=SYSTEM, now=story.now, project_id=project_id, text=what, due_on=due_on, **part
        )


def instalments(story: Story) -> list[FixedFee]:
    with unit_of_work() as session:
        return list(fees.fees_of(session, story.office.acme_project.id))


def test_instalments_are_billed_once_from_their_day_on_and_time_is_not(fixed):
    fixed.log("5")

    november = fixed.drafted()
    with unit_of_work() as session:
        client = session.get_one(Client, fixed.office.acme.id)
        left = [row["reason"] for row in selection.left_out(session, client=client, month=NOVEMBER)]
        faults = doctor.examine(session, store=blobs.store(), now=fixed.now)
    december = fixed.drafted(Month(2026, 12))

    assert printed(november) == [("fixed_fee", None, "333.00", 33300)] * 2
    assert [line.description for line in november.lines] == ["Support: Start", "Support: Middle"]
    assert printed(december) == [("fixed_fee", None, "334.00", 33400)]
    assert left == ["fixed_fee"]
    assert (fixed.charges(), faults) == ([], [])


def test_the_instalments_are_the_fee_to_the_cent_and_never_more(fixed):
    assert sum(fee.amount_minor for fee in instalments(fixed)) == 100000

    with pytest.raises(RuleViolation, match="of the fee is left"):
        add(fixed, "More", date(2026, 12, 31), amount_minor=1)


def test_a_percentage_is_of_the_fee_as_it_is_now_and_the_last_takes_only_what_was_rounded(story):
    project_id = story.office.acme_project.id
    for whole_minor, what in ((100000, "Start"), (200000, "End")):
        with unit_of_work() as session:
            session.get_one(Project, project_id).billing = "fixed_fee"
            fees.set_whole(session, actor=SYSTEM, now=story.now, project_id=project_id, amount_minor=whole_minor)
        add(story, what, date(2026, 11, 1), percent=Decimal(50))

    assert [fee.amount_minor for fee in instalments(story)] == [50000, 100000]


def test_what_is_billed_is_not_removed_and_what_is_left_for_later_is_billed_later(fixed):
    draft = fixed.drafted()
    fee, project_id = instalments(fixed)[0], fixed.office.acme_project.id

    with pytest.raises(Conflict, match=f"Start is on the draft invoice {draft.id}"), unit_of_work() as session:
        fees.remove_fee(session, actor=SYSTEM, now=fixed.now, project_id=project_id, fee_id=fee.id)
    with unit_of_work() as session:
        line_id = draft.lines[0].id
        take_off(session, actor=SYSTEM, now=fixed.now, invoice_id=draft.id, version=draft.version, line_id=line_id)

    assert [line.amount_minor for line in fixed.drafted(Month(2026, 12)).lines] == [33300, 33400]


def test_an_instalment_is_not_removed_while_a_draft_takes_it(app, fixed, monkeypatch):
    fee, project_id, said = instalments(fixed)[0], fixed.office.acme_project.id, []

    def remove() -> None:
        with app.app_context():
            try:
                with unit_of_work() as session:
                    fees.remove_fee(session, actor=SYSTEM, now=fixed.now, project_id=project_id, fee_id=fee.id)
            except Conflict as refusal:
                said.append(str(refusal))

    other = threading.Thread(target=remove)

    hold_each = charging.hold_each

    def hold_meanwhile(session, **what):
        other.start()
        if session.get_bind().dialect.name == "postgresql":
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            eventually(lambda: session.scalar(waiting) or not other.is_alive())
        hold_each(session, **what)

    monkeypatch.setattr(charging, "hold_each", hold_meanwhile)
    draft = fixed.drafted()
    other.join()

    assert said == [f"Start is on the draft invoice {draft.id} for Acme; it stays as it is."]


def test_an_instalment_that_was_removed_is_not_drafted(fixed):
    fee, project_id = instalments(fixed)[0], fixed.office.acme_project.id
    with unit_of_work() as session:
        fees.remove_fee(session, actor=SYSTEM, now=fixed.now, project_id=project_id, fee_id=fee.id)

    with pytest.raises(Conflict, match="removed in the meantime"), unit_of_work() as session:
        fees.hold(session, [fee.id])


def test_a_credit_note_over_an_instalment_makes_it_free_again(fixed):
    issued = fixed.issue(fixed.drafted())

    with unit_of_work() as session:
        wishes = {issued.lines[0].id: Wish(whole=True)}
        service.credit(
            session, actor=SYSTEM, now=fixed.now, invoice_id=issued.id, wishes=wishes, reason="Late", key="k" * 32
        )

    assert [line.description for line in fixed.drafted(Month(2026, 12)).lines] == ["Support: Start", "Support: End"]


def test_the_page_says_what_is_billed_and_refuses_beside_the_field(fixed, sign_in_as, fixed_clock):
    fixed_clock.now = DECEMBER
    draft = fixed.drafted()
    manager = sign_in_as(fixed.office.manager)
    at = f"/projects/{fixed.office.acme_project.id}/fees"

    page = manager.get(at).text
    wrong = manager.post(at, data={"text": "Rest", "due_on": "2026-12-31", "percent": "ten", "amount": ""})
    lower = manager.post(f"{at}/whole", data={"whole": "900"})

    assert f"on the draft invoice {draft.id} for Acme" in page
    assert wrong.status_code == lower.status_code == 422
    assert 'value="ten"' in wrong.text
    assert "come to 1000.00 already" in lower.text

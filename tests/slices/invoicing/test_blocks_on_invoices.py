"""A block of hours with a price is billed once, by the next draft from its first day on (docs/billing.md rule 9)."""

from datetime import UTC, date, datetime

import pytest

from helpdesk import doctor
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.drafts.days import DaysWish, draft_days
from helpdesk.invoicing.drafts.leaving import take_off
from helpdesk.invoicing.drafts.span import Span
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import blocks
from helpdesk.retainers.service.blocks import NewBlock
from tests.slices.invoicing.conftest import NOVEMBER, Story, printed

DECEMBER = Month(2026, 12)


def add(story: Story, agreement_id: int, first: date, price_minor: int | None, key: str) -> int:
    with unit_of_work() as session:
        wanted = NewBlock(36000, first, date(2027, 3, 31), price_minor, note="For the move")
        return blocks.add_block(
            session, actor=SYSTEM, now=story.now, agreement_id=agreement_id, wanted=wanted, key=key
        ).id


def take_back(story: Story, agreement_id: int, block_id: int) -> None:
    with unit_of_work() as session:
        blocks.take_back(
            session, actor=SYSTEM, now=story.now, agreement_id=agreement_id, block_id=block_id, reason="Not sold"
        )


def test_a_block_is_billed_once_and_is_free_again_when_that_is_credited(story):
    story.now = datetime(2027, 1, 5, tzinfo=UTC)
    agreement_id = story.agree(per_month="10").id
    ids = [
        add(story, agreement_id, first, price_minor, str(at) * 32)
        for at, (first, price_minor) in enumerate(
            [(date(2026, 11, 20), 90000), (date(2026, 12, 1), 80000), (date(2026, 11, 1), None)]
        )
    ]

    for month in (NOVEMBER, DECEMBER):
        with unit_of_work() as session:
            retainers.close_period(session, actor=SYSTEM, now=story.now, agreement_id=agreement_id, month=month)
    draft = story.drafted()
    issued = story.issue(draft)
    december = story.drafted(DECEMBER)
    [line] = [each for each in issued.lines if each.kind == "block"]
    with unit_of_work() as session:
        service.credit(
            session,
            actor=SYSTEM,
            now=story.now,
            invoice_id=issued.id,
            wishes={line.id: Wish(whole=True)},
            reason="Late",
            key="k" * 32,
        )
        faults = doctor.examine(session, store=blobs.store(), now=story.now)
    with unit_of_work() as session:
        wish = DaysWish(story.office.acme.id, Span(date(2026, 11, 1), date(2026, 11, 30)), frozenset({"blocks"}))
        again = draft_days(session, actor=SYSTEM, now=story.now, wish=wish, key="d" * 32)
        billed = [each.top_up_id for each in again.lines]

    assert ("block", None, "900.00", 90000) in printed(issued)
    assert (line.description, line.detail) == (
        "Managed workplace: 10:00 h, 20 Nov 2026 \N{EN DASH} 31 Mar 2027",
        "For the move",
    )
    assert [each.amount_minor for each in december.lines if each.kind == "block"] == [80000]
    assert (billed, faults) == ([ids[0]], [])


def test_a_block_that_something_bills_is_taken_back_only_once_its_line_is_off(story):
    agreement_id = story.agree(per_month="10").id
    block_id = add(story, agreement_id, date(2026, 11, 1), 90000, "0" * 32)
    with unit_of_work() as session:
        wish = DaysWish(story.office.acme.id, Span(date(2026, 11, 1), date(2026, 11, 30)), frozenset({"blocks"}))
        draft = draft_days(session, actor=SYSTEM, now=story.now, wish=wish, key="d" * 32)
        draft_id, version, line_id = draft.id, draft.version, draft.lines[0].id

    with pytest.raises(Conflict, match=f"This block is on the draft invoice {draft_id} for Acme; take its line off"):
        take_back(story, agreement_id, block_id)
    with unit_of_work() as session:
        take_off(session, actor=SYSTEM, now=story.now, invoice_id=draft_id, version=version, line_id=line_id)
    take_back(story, agreement_id, block_id)

    with pytest.raises(RuleViolation, match="Nothing of Acme"), unit_of_work() as session:
        draft_days(session, actor=SYSTEM, now=story.now, wish=wish, key="e" * 32)

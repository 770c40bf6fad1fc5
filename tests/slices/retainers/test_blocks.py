"""Blocks of hours: added on a page, drawn at once, and taken back while no closed month knows them (rule 9)."""

from datetime import date

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DatabaseError

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers import queries, service
from helpdesk.retainers.models import Agreement, TopUp
from helpdesk.retainers.service.blocks import NewBlock, add_block, stands_of, take_back
from tests.slices.retainers.conftest import JUNE, Story, hours
from tests.slices.retainers.test_the_pages_of_retainers import text_of

KEY = "0" * 32
FORM = {"key": KEY, "hours": "5", "valid_from": "2026-04-01", "expires_on": "2026-12-31", "price": "", "note": ""}


def add(story: Story, worth: str, first: str, last: str, *, key: str = KEY) -> TopUp:
    assert story.agreement is not None
    wanted = NewBlock(hours(worth), date.fromisoformat(first), date.fromisoformat(last))
    return add_block(story.session, actor=SYSTEM, now=JUNE, agreement_id=story.agreement.id, wanted=wanted, key=key)


def give_back(story: Story, block: TopUp, reason: str = "Typed twice") -> TopUp:
    return take_back(
        story.session, actor=SYSTEM, now=JUNE, agreement_id=block.agreement_id, block_id=block.id, reason=reason
    )


@pytest.fixture
def march(story):
    """10 h a month since March, of which 4 live on for a month; 6 h were used in March, which is closed."""
    story.agree(per_month="10", rollover_months=1)
    story.log("6", "2026-03-02")
    story.close("2026-03")
    return story


def test_a_block_is_drawn_after_the_allowance_and_what_is_left_of_it_is_known(march):
    march.log("16", "2026-04-07")

    block = add(march, "5", "2026-04-01", "2026-06-30")
    view = queries.month_view(march.session, agreement=march.agreement, month=Month(2026, 4), now=JUNE)
    [(_row, stand)] = stands_of(march.session, march.agreement, now=JUNE)
    shelf = queries.shelf_of(march.session, client_ids=[march.office.acme.id], month=Month(2026, 4))
    assert view is not None
    assert stand is not None
    again = add(march, "7", "2026-04-01", "2026-06-30")
    april = march.close("2026-04")

    assert (view.statement.allowance_seconds, view.left_seconds) == (hours("19"), hours("3"))
    assert (stand.drawn_seconds, stand.left_seconds, stand.state) == (hours("2"), hours("3"), "live")
    assert again.id == block.id
    assert list(shelf.openings) == [march.agreement.id], "March is closed without the block, and its figures tell all"
    assert (april.topped_up_seconds, april.carried_out_seconds, april.overage_seconds) == (hours("5"), hours("3"), 0)


@pytest.mark.parametrize(
    ("block", "field", "says"),
    [
        (("5", "2026-03-31", "2026-04-30"), "valid_from", "2026-03 is closed.* from 2026-04-01 or a later day"),
        (("5", "2026-01-01", "2026-12-31"), "valid_from", "2026-03 is closed"),
        (("5", "2026-09-01", "2026-12-31"), "valid_from", "ends on 2026-08-31"),
        (("5", "2026-05-02", "2026-05-01"), "expires_on", "choose 2026-05-02 or a later day"),
        (("5", "2026-02-01", "2026-02-28"), "expires_on", "begins on 2026-03-01"),
        (("5", "2026-05-02", "9999-12-31"), "expires_on", "Choose a day from"),
        (("0.0001", "2026-05-01", "2026-05-01"), "hours", "of some hours"),
    ],
)
def test_a_block_that_no_work_could_draw_or_a_closed_month_would_have_to_know_is_refused(march, block, field, says):
    service.end_agreement(
        march.session, actor=SYSTEM, now=JUNE, agreement_id=march.agreement.id, last_month=Month(2026, 8)
    )

    with pytest.raises(RuleViolation, match=says) as refusal:
        add(march, *block)

    assert refusal.value.field == field
    assert march.agreement.top_ups == []


def test_after_the_last_month_of_an_agreement_there_is_only_reopening(story):
    story.agree(per_month="10", ends_on=date(2026, 3, 31))
    story.close("2026-03")

    with pytest.raises(RuleViolation, match="the last month of Support, is closed; reopen it first"):
        add(story, "5", "2026-03-01", "2026-03-31")


def test_an_agreement_does_not_end_before_a_block_that_was_sold(march):
    block = add(march, "5", "2026-09-10", "2026-12-31")
    end = {"actor": SYSTEM, "now": JUNE, "agreement_id": march.agreement.id, "last_month": Month(2026, 8)}

    with pytest.raises(RuleViolation, match="valid from 2026-09-10 on, and nobody could draw it then; take it back"):
        service.end_agreement(march.session, **end)
    give_back(march, block)

    assert service.end_agreement(march.session, **end).ends_on == date(2026, 8, 31)


def test_what_another_session_did_until_the_lock_is_seen(march, monkeypatch):
    """The agreement was read before; meanwhile a block was sold, or it ended."""
    lock, agreement_id = queries.lock_agreement, march.agreement.id
    sold = insert(TopUp).values(
        agreement_id=agreement_id,
        seconds=3600,
        valid_from=date(2026, 9, 10),
        expires_on=date(2026, 12, 31),
        created_at=JUNE,
        note="",
        taken_back_because="",
    )
    ended = update(Agreement).values(ends_on=date(2026, 8, 31)).execution_options(synchronize_session=False)
    meanwhile = [sold, ended]

    def locked(session, agreement_id):
        session.execute(meanwhile.pop(0))
        return lock(session, agreement_id)

    monkeypatch.setattr(queries, "lock_agreement", locked)
    end = {"actor": SYSTEM, "now": JUNE, "agreement_id": agreement_id, "last_month": Month(2026, 8)}

    with pytest.raises(RuleViolation, match="valid from 2026-09-10"):
        service.end_agreement(march.session, **end)
    with pytest.raises(RuleViolation, match="ends on 2026-08-31"):
        add(march, "5", "2026-09-10", "2026-12-31")


def test_a_key_is_good_for_one_agreement(march):
    add(march, "5", "2026-04-01", "2026-06-30")
    march.agree(per_month="1", name="Globex", client_id=march.office.globex.id)

    with pytest.raises(Conflict, match="another agreement already"):
        add(march, "5", "2026-04-01", "2026-06-30")


def test_a_block_that_no_closed_month_knows_is_taken_back_and_counts_nowhere(march):
    march.log("16", "2026-04-07")
    block, later = (
        add(march, "5", "2026-04-01", "2026-06-30"),
        add(march, "1", "2026-05-01", "2026-05-31", key="1" * 32),
    )

    give_back(march, later)
    april = march.close("2026-04")

    assert april.topped_up_seconds == hours("5")
    assert [each.block.key for _row, each in stands_of(march.session, march.agreement, now=JUNE) if each] == [
        str(block.id)
    ]
    with pytest.raises(RuleViolation, match="2026-04 of Support is closed and knows this block; reopen it first"):
        give_back(march, block)
    with pytest.raises(Conflict, match="taken back before"):
        give_back(march, later)
    reopen = {"agreement_id": march.agreement.id, "month": Month(2026, 4), "reason": "The block was a mistake"}
    service.reopen_period(march.session, actor=SYSTEM, now=JUNE, **reopen)
    with pytest.raises(RuleViolation, match="Say why"):
        give_back(march, block, " ")
    give_back(march, block)
    assert march.close("2026-04").overage_seconds == hours("2")


def test_a_block_is_never_altered_or_deleted(story):
    story.agree(per_month="10")
    add(story, "5", "2026-04-01", "2026-06-30")
    for statement in ("UPDATE top_ups SET seconds = 1", "DELETE FROM top_ups"):
        with pytest.raises(DatabaseError, match="a block is taken back, never"), story.session.begin_nested():
            story.session.execute(text(statement))


def test_the_page_adds_one_shows_what_is_left_refuses_beside_the_field_and_takes_back(office, sign_in_as):
    with unit_of_work() as session:
        story = Story(session, office)
        agreement = story.agree(per_month="10")
        agreement_id = agreement.id
        story.close("2026-03")
        story.log("12", "2026-04-07")
    browser, path = sign_in_as(office.account_manager), f"/retainers/{agreement_id}/blocks"

    empty = browser.get(path).text
    early = browser.post(path, data=FORM | {"valid_from": "2026-03-15", "note": "For the move"})
    wrong = browser.post(path, data=FORM | {"hours": "many"})
    answers = [browser.post(path, data=FORM | {"price": "450", "note": "For the move"}).status_code for _ in range(2)]
    page = text_of(browser.get(path).text)
    month = text_of(browser.get(f"/retainers/{agreement_id}?month=2026-04").text)
    board = text_of(browser.get("/retainers?month=2026-04").text)
    with unit_of_work() as session:
        [block_id] = session.scalars(select(TopUp.id))
    no_reason = browser.post(f"{path}/{block_id}/take-back", data={"reason": ""})
    browser.post(f"{path}/{block_id}/take-back", data={"reason": "Sold to nobody"})
    after = text_of(browser.get(path).text)
    twice = browser.post(f"{path}/{block_id}/take-back", data={"reason": "Again"})

    assert "No block yet" in empty
    assert early.status_code == wrong.status_code == no_reason.status_code == 422
    assert "2026-03 is closed" in early.text.split('id="valid_from-error"')[1].split("</small>")[0]
    assert 'value="For the move"' in early.text
    assert 'value="many"' in wrong.text
    assert answers == [303, 303]
    assert "In force For the move" in page
    assert "5:00 2:00 3:00 €450.00" in page
    assert "5:00 top-up" in month
    assert "15:00 5:00 top-up 12:00" in board
    assert f'id="reason-{block_id}-error"' in no_reason.text
    assert "Taken back: Sold to nobody" in after
    assert (twice.status_code, 'value="Again"' in twice.text) == (409, True)
    with unit_of_work() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.like("block%")).order_by(AuditRow.id)).all()
        assert [(row.action, row.actor_name, row.data["block"]) for row in rows] == [
            ("block added", office.account_manager.name, block_id),
            ("block taken back", office.account_manager.name, block_id),
        ]

"""The client is asked for more hours by a link, answers without signing in, and what it granted lifts the cap."""

import hashlib
import re
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from helpdesk.clients.models import Client
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.infra.visits import Visits
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.retainers import alerts, queries
from helpdesk.retainers import service as retainers
from helpdesk.retainers.models import Agreement, HoursAnswer, HoursAsked
from helpdesk.retainers.service import NewTerms, answering, asking
from helpdesk.retainers.views import hours
from helpdesk.timekeeping import service
from tests.conftest import NOW

MARCH, MONTH = datetime(2026, 3, 20, 20, tzinfo=UTC), Month(2026, 3)


@pytest.fixture(autouse=True)
def _address(app, monkeypatch):
    monkeypatch.setitem(app.config, "BASE_URL", "https://desk.example")


def furnish(session, office, language="de"):
    mailbox = {"smtp_host": "localhost", "smtp_port": 25, "smtp_security": "none", "created_at": NOW}
    session.add(Mailbox(address="support@halden-okoye.example", name="Support", **mailbox))
    acme = session.get_one(Client, office.acme.id)
    acme.invoice_email, acme.language, acme.account_manager_id = "bills@acme.example", language, office.manager.id
    session.flush()


@pytest.fixture
def asked_story(app, story, office):
    """Acme's 10 h of March, all used, an agreement that asks, and a mailbox."""
    furnish(story.session, office)
    story.agree(per_month="10", at_cap="ask", overage_rate_minor=12000)
    story.log("10", "2026-03-02")
    return story


def put(story, wanted=5, **more):
    return asking.ask(
        story.session,
        **{"actor": story.office.actor("manager"), "now": MARCH, "agreement_id": story.agreement.id, "month": MONTH}
        | more,
        seconds=wanted * 3600,
    )


def token_of(session):
    mails = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)).all()
    return [found.group(1) for mail in mails if (found := re.search(r"https://desk\.example/hours/(\S+)", mail.text))][
        -1
    ]


def test_what_the_client_grants_lifts_the_cap_so_far_and_taking_it_back_is_a_row_of_its_own(asked_story, office):
    session, manager = asked_story.session, office.actor("manager")
    first, second = (asked_story.log("4", f"2026-03-0{day}", status="submitted") for day in (3, 4))
    put(asked_story)
    token = token_of(session)
    with pytest.raises(RuleViolation, match="ask the client"), session.begin_nested():
        service.approve(session, actor=manager, now=MARCH, entry_ids=[first.id])

    answering.answer(session, now=MARCH, token=token, grants=True, name="Eva", note="go on", address="192.0.2.7")
    service.approve(session, actor=manager, now=MARCH, entry_ids=[first.id])
    with (
        pytest.raises(RuleViolation, match=r"10:00 in 2026-03 and 5:00 that the client granted"),
        session.begin_nested(),
    ):
        service.approve(session, actor=manager, now=MARCH, entry_ids=[second.id])
    [asked] = asking.asked_in(session, asked_story.agreement, MONTH)
    view = queries.month_view(session, agreement=asked_story.agreement, month=MONTH, now=MARCH)
    answering.revoke(
        session,
        actor=manager,
        now=MARCH,
        agreement_id=asked_story.agreement.id,
        asked_id=asked.id,
        reason="typo",
        address="",
    )
    revoked = queries.month_view(session, agreement=asked_story.agreement, month=MONTH, now=MARCH)

    assert view is not None
    assert revoked is not None
    assert view.lifted_seconds == 5 * 3600
    assert view.statement.period.overage_amount.minor == 48000
    assert revoked.lifted_seconds == 0
    [granted, taken_back] = session.scalars(select(HoursAnswer).order_by(HoursAnswer.id)).all()
    assert (granted.kind, granted.name, granted.note, granted.address) == ("granted", "Eva", "go on", "192.0.2.7")
    assert granted.shown_sha256 == hashlib.sha256(granted.shown.encode()).hexdigest()
    assert (taken_back.kind, taken_back.note, taken_back.person_id) == ("revoked", "typo", office.manager.id)
    told = session.scalars(select(OutgoingMessage).where(OutgoingMessage.automatic)).all()
    assert [mail.subject for mail in told] == ["Acme agrees to 5:00 h more in March 2026"]


@pytest.mark.parametrize(("with_tax", "says"), [(False, "ohne Steuer"), (True, "einschließlich Steuer")])
def test_the_mail_says_in_the_clients_language_what_it_costs_at_most(asked_story, with_tax, says):
    client = asked_story.session.get_one(Client, asked_story.agreement.client_id)
    client.price_basis = "gross" if with_tax else "company"
    put(asked_story)

    [mail] = asked_story.session.scalars(select(OutgoingMessage)).all()
    asked = asked_story.session.scalars(select(HoursAsked)).one()

    assert mail.to == [{"name": "Acme GmbH", "address": "bills@acme.example"}]
    assert mail.subject == "Support: Stimmen Sie weiteren Stunden im März 2026 zu?"
    assert asked.says in mail.text
    assert f"Sie kosten höchstens: 600,00\xa0€ {says}" in asked.says
    assert len(token_of(asked_story.session)) * 6 >= 128
    assert token_of(asked_story.session) not in (asked.token_hash, asked.says)


def test_a_link_that_is_used_expired_taken_back_or_of_a_closed_month_leads_nowhere(asked_story, office):
    session = asked_story.session
    asked = put(asked_story)
    token = token_of(session)
    how: dict[str, Any] = {"grants": True, "name": "Eva", "note": "", "address": ""}
    with pytest.raises(RuleViolation, match="Say who answers"):
        answering.answer(session, now=MARCH, token=token, **how | {"name": " "})
    for wrong in (token[:-1], token + "x", "", "x" * 5000, "\x00", asked.token_hash):
        with pytest.raises(NotFound):
            answering.open_link(session, token=wrong, now=MARCH)
    with pytest.raises(NotFound):
        answering.open_link(session, token=token, now=MARCH + asking.LIFETIME)
    with pytest.raises(RuleViolation, match="not answered what was asked before"):
        put(asked_story)

    answering.answer(session, now=MARCH, token=token, **how | {"grants": False})
    with pytest.raises(NotFound):
        answering.answer(session, now=MARCH, token=token, **how)
    with pytest.raises(RuleViolation, match="declined"):
        answering.revoke(
            session,
            actor=SYSTEM,
            now=MARCH,
            agreement_id=asked_story.agreement.id,
            asked_id=asked.id,
            reason="x",
            address="",
        )
    put(asked_story, now=datetime(2026, 4, 2, tzinfo=UTC))
    asked_story.close("2026-03")
    with pytest.raises(NotFound):
        answering.open_link(session, token=token_of(session), now=datetime(2026, 4, 3, tzinfo=UTC))
    with pytest.raises(RuleViolation, match="neither"):
        put(asked_story, now=datetime(2026, 4, 3, tzinfo=UTC))


def test_a_month_that_is_closed_while_somebody_answers_takes_no_answer(asked_story, monkeypatch):
    session = asked_story.session
    put(asked_story)
    lock = queries.lock_agreement

    def closed_meanwhile(session, agreement_id):
        lock(session, agreement_id)
        monkeypatch.setattr(queries, "lock_agreement", lock)
        asked_story.close(str(MONTH))

    monkeypatch.setattr(queries, "lock_agreement", closed_meanwhile)
    with pytest.raises(NotFound):
        answering.answer(
            session, now=MARCH, token=token_of(session), grants=True, name="Eva", note="", address="192.0.2.7"
        )

    assert session.scalars(select(HoursAnswer)).all() == []


@pytest.mark.parametrize("table", [HoursAsked, HoursAnswer])
def test_what_was_asked_and_answered_is_append_only(asked_story, table):
    put(asked_story)
    answering.answer(
        asked_story.session,
        now=MARCH,
        token=token_of(asked_story.session),
        grants=True,
        name="Eva",
        note="",
        address="",
    )

    for statement in (update(table).values(id=99), delete(table)):
        with pytest.raises(DBAPIError, match="append-only"), asked_story.session.begin_nested():
            asked_story.session.execute(statement)


def test_it_asks_by_itself_once_a_month_where_that_is_switched_on(asked_story):
    session, agreement = asked_story.session, asked_story.agreement
    before = alerts.watch(lambda: nullcontext(session), clock=lambda: MARCH)
    asking.set_asking(session, actor=SYSTEM, now=MARCH, agreement_id=agreement.id, seconds=7200)
    alerts.watch(lambda: nullcontext(session), clock=lambda: MARCH)
    alerts.watch(lambda: nullcontext(session), clock=lambda: MARCH + timedelta(days=2))

    rows = session.scalars(select(HoursAsked)).all()

    assert before > 0
    assert [(row.seconds, row.asked_by_id) for row in rows] == [(7200, None)]


def test_without_a_price_an_address_or_a_mailbox_nobody_is_asked(asked_story, office):
    acme = asked_story.session.get_one(Client, office.acme.id)
    acme.invoice_email = ""
    with pytest.raises(RuleViolation, match="no address for invoices"):
        put(asked_story)
    with pytest.raises(RuleViolation, match="some hours"):
        put(asked_story, wanted=0)
    with pytest.raises(RuleViolation, match="name the price of an hour"):
        asked_story.agree(per_month="5", at_cap="ask", project_ids=[office.acme_project.id])


def test_a_client_answers_on_a_page_that_shows_nothing_else(app, stranger, sign_in_as, office):
    with unit_of_work() as session:
        furnish(session, office, language="en")
        agreement = retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=NOW,
            client_id=office.acme.id,
            name="Support",
            starts_on=date(2026, 1, 1),
            terms=NewTerms(allowance_seconds=0, at_cap="ask", overage_rate_minor=12000),
        )
        agreement_id = agreement.id
    page = f"/retainers/{agreement_id}?month={Month.of(NOW.date())}"
    browser = sign_in_as(office.manager)
    browser.post(f"/retainers/{agreement_id}/hours", data={"month": str(Month.of(NOW.date())), "hours": "2.5"})
    with unit_of_work() as session:
        token = token_of(session)

    shown = stranger.get(f"/hours/{token}")
    again = stranger.get(f"/hours/{token}")
    nameless = stranger.post(f"/hours/{token}", data={"answer": "yes", "note": "kept"})
    odd = stranger.post(f"/hours/{token}", data={"answer": "yes", "name": "Eva", "seconds": "9"})
    answered = stranger.post(f"/hours/{token}", data={"answer": "yes", "name": "<b>Eva</b>", "note": ""})
    used, garbled = stranger.get(f"/hours/{token}"), stranger.get("/hours/not-a-token")
    reused = stranger.post(f"/hours/{token}", data={"answer": "no", "name": "Mallory"})
    told = browser.get(page).text

    assert "More hours in November 2026: 2:30 h" in shown.text
    assert "They cost at most: €300.00, without tax" in shown.text
    assert "Acme" not in shown.text
    assert (again.status_code, nameless.status_code, odd.status_code) == (200, 422, 422)
    assert "Please say who answers" in nameless.text
    assert ">kept</textarea>" in nameless.text
    assert "You agreed to more hours." in answered.text
    assert (used.status_code, garbled.status_code, reused.status_code) == (404, 404, 404)
    assert used.text.split("<body")[1] == garbled.text.split("<body")[1]
    assert "&lt;b&gt;Eva&lt;/b&gt;" in told
    assert "Granted" in told
    with unit_of_work() as session:
        assert session.scalars(select(Agreement)).one().id == agreement_id
        assert len(session.scalars(select(HoursAnswer)).all()) == 1


def test_whoever_tries_many_links_has_to_wait(stranger, monkeypatch):
    monkeypatch.setattr(hours, "VISITS", Visits(3))
    other = {"environ_base": {"REMOTE_ADDR": "198.51.100.9"}}
    codes = [stranger.get(f"/hours/{number}").status_code for number in range(3)]
    codes += [stranger.post("/hours/x").status_code, stranger.get("/hours/x", **other).status_code]

    assert codes == [404, 404, 404, 429, 404]

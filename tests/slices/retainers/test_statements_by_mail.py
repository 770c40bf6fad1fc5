"""The statement of a closed month goes to the client once, in its language, and again where somebody asks for it."""

from contextlib import nullcontext
from datetime import UTC, date, datetime
from functools import partial

import pytest
from sqlalchemy import select

from helpdesk.clients.models import Client
from helpdesk.company import letter_texts
from helpdesk.company.letter_texts import Wording
from helpdesk.infra import pdf
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import Conflict, ExternalFailure, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.retainers import service
from helpdesk.retainers.models import TopUp
from helpdesk.retainers.statements import letter as statement_letter
from helpdesk.retainers.statements import sending as statements

pytestmark = pytest.mark.on_sqlite

APRIL = datetime(2026, 4, 2, 8, tzinfo=UTC)
MAY = datetime(2026, 5, 2, 8, tzinfo=UTC)
MARCH = Month(2026, 3)


@pytest.fixture
def mailing(story, office):
    """Acme's 10 h a month from March on, an address for invoices, a mailbox, and 11 h in March."""
    story.session.add(
        Mailbox(
            address="support@halden-okoye.example",
            name="Support",
            smtp_host="localhost",
            smtp_port=25,
            smtp_security="none",
            created_at=APRIL,
        )
    )
    office.acme.invoice_email, office.acme.language = "bills@acme.example", "de"
    story.session.merge(office.acme)
    story.agree(per_month="10", overage_rate_minor=12000)
    story.log("11", "2026-03-02")
    return story


def switch_on(story, *, mailed=True, now=APRIL):
    statements.set_mailing(story.session, actor=SYSTEM, now=now, agreement_id=story.agreement.id, mailed=mailed)


def mail_due(story, now=APRIL):
    return statements.mail_due(lambda: nullcontext(story.session), clock=lambda: now)


def mail_again(story, ordinal):
    statements.mail_again(
        lambda: nullcontext(story.session),
        actor=SYSTEM,
        clock=lambda: MAY,
        agreement_id=story.agreement.id,
        month=MARCH,
        ordinal=ordinal,
    )


def mails(story):
    return story.session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)).all()


def test_the_statement_goes_out_once_with_figures_and_pdf_whatever_becomes_of_the_month(mailing):
    switch_on(mailing)
    open_month = mail_due(mailing)
    mailing.close("2026-03", now=APRIL)
    counts = [mail_due(mailing), mail_due(mailing)]
    service.reopen_period(
        mailing.session, actor=SYSTEM, now=APRIL, agreement_id=mailing.agreement.id, month=MARCH, reason="late"
    )
    mailing.close("2026-03", now=APRIL)
    counts.append(mail_due(mailing))

    assert (open_month, counts) == (0, [1, 0, 0])
    [mail] = mails(mailing)
    assert mail.to == [{"name": "Acme GmbH", "address": "bills@acme.example"}]
    assert mail.subject == "Support: Nachweis für März 2026"
    assert "Stunden des Monats: 10:00 h\nVerbraucht: 11:00 h (110 %)\nDarüber hinaus: 1:00 h" in mail.text
    assert [(file.name, file.content_type) for file in mail.attachments] == [
        ("Acme-Support-2026-03.pdf", "application/pdf")
    ]
    [one] = statements.mailed_of(mailing.session, mailing.agreement.id, MARCH)
    assert (one.ordinal, one.to, one.state) == (1, "bills@acme.example", "queued")


def test_hours_of_a_block_that_came_too_late_stand_beside_what_is_beyond(mailing):
    mailing.session.add(
        TopUp(
            agreement_id=mailing.agreement.id,
            seconds=5 * HOUR,
            valid_from=date(2026, 3, 20),
            expires_on=date(2026, 4, 30),
            created_at=APRIL,
        )
    )
    mailing.session.flush()
    mailing.session.expire(mailing.agreement)
    switch_on(mailing)
    mailing.close("2026-03", now=APRIL)

    mail_due(mailing)

    assert "Verbraucht: 11:00 h (73 %)\nDarüber hinaus: 1:00 h\nÜbrig: 5:00 h" in mails(mailing)[0].text


def test_one_that_cannot_be_printed_keeps_no_other_from_its_mail(mailing, office, monkeypatch):
    first = mailing.agreement
    second = mailing.agree(per_month="2", name="Web", project_ids=(office.acme_project.id,))
    printer, broken = pdf.to_pdf, ["the first"]

    def to_pdf(*page):
        if broken:
            message = f"The printer jams at {broken.pop()}."
            raise ExternalFailure(message)
        return printer(*page)

    for agreement in (first, second):
        mailing.agreement = agreement
        switch_on(mailing)
    for agreement in (first, second):
        mailing.agreement = agreement
        mailing.close("2026-03", now=APRIL)
    monkeypatch.setattr(pdf, "to_pdf", to_pdf)
    with pytest.raises(ExternalFailure, match="jams"):
        mail_due(mailing)
    subjects = [mail.subject for mail in mails(mailing)]

    assert subjects == ["Web: Nachweis für März 2026"]
    assert mail_due(mailing) == 1


def test_what_was_closed_before_the_switch_goes_out_by_hand_alone_and_a_second_click_sends_nothing(mailing):
    mailing.close("2026-03", now=APRIL)
    switch_on(mailing, now=MAY)
    by_itself = mail_due(mailing, MAY)
    mail_again(mailing, 1)
    with pytest.raises(Conflict, match="on its way already"):
        mail_again(mailing, 1)
    mail_again(mailing, 2)

    assert by_itself == 0
    assert [mail.idempotency_key.rpartition(":")[2] for mail in mails(mailing)] == ["1", "2"]


def test_the_companys_own_words_go_out_in_their_language_and_a_field_that_there_is_not_is_refused(mailing):
    word = partial(
        letter_texts.word, mailing.session, actor=SYSTEM, now=APRIL, key=statement_letter.KIND, language="de"
    )
    word(wording=Wording("Nachweis {{ month }}", "Rest: {{left}}"))
    with pytest.raises(RuleViolation, match=r"\{\{total\}\} is no field") as refused:
        word(wording=Wording("Nachweis", "{{total}}"))
    switch_on(mailing)
    mailing.close("2026-03", now=APRIL)
    mail_due(mailing)

    assert refused.value.field == "text"
    assert [(mail.subject, mail.text) for mail in mails(mailing)] == [("Nachweis März 2026", "Rest: 0:00\n")]


def test_a_client_without_an_address_cannot_get_statements(mailing):
    mailing.session.get_one(Client, mailing.agreement.client_id).invoice_email = ""

    with pytest.raises(RuleViolation, match="no address for invoices"):
        switch_on(mailing)

"""The client's page of an invoice: what it shows, who opens it, what is asked there (docs/billing.md rules W1, W2)."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from helpdesk.clients.models import Contact
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import queries
from helpdesk.invoicing.drafts.lines import FreeLine, add_free
from helpdesk.invoicing.proof import links, questions
from helpdesk.invoicing.proof.models import LineQuestion, ProofLink
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.tickets.models import Message, TicketDetails
from helpdesk.tickets.service.writing import write
from tests.slices.invoicing.conftest import DECEMBER
from tests.slices.invoicing.test_printing_and_sending import pdf_of, text_of

pytestmark = pytest.mark.on_sqlite

CANARY = "canary-of-somebody-else"
HOSTILE = '<script>alert(1)</script> "onmouseover=alert(2) {{ 7*7 }}'


@pytest.fixture
def visitor(app, fixed_clock, monkeypatch):
    fixed_clock.now = DECEMBER
    monkeypatch.setitem(app.config, "BASE_URL", "https://desk.example")
    return app.test_client()


@pytest.fixture
def issued(story, visitor):
    story.change_client(invoice_email="billing@acme.example", language="de")
    story.log("1.5", note="Checked the cables")
    story.log("1", item=story.office.globex_ticket, note=CANARY)
    return story.issue(story.drafted())


def path_of(invoice, now=DECEMBER) -> str:
    with unit_of_work() as session:
        url = links.url_of(links.live_link(session, invoice=queries.lock(session, invoice.id), now=now))
    return url.removeprefix("https://desk.example")


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def without_nonce(text: str) -> str:
    return re.sub(r'nonce="[^"]+"', "", text)


def asked(invoice):
    with unit_of_work() as session:
        return questions.has_open_question(session, queries.lock(session, invoice.id))


def test_pdf_and_mail_carry_the_link_and_it_shows_the_work_in_the_clients_language(story, issued, visitor):
    story.mailbox()
    printed = text_of(pdf_of(story.print_and_send(issued)))
    path = path_of(issued)
    with unit_of_work() as session:
        mail = session.scalars(select(OutgoingMessage)).one().text
        token_hashes = session.scalars(select(ProofLink.token_hash)).all()

    page = visitor.get(path)

    assert f"https://desk.example{path}" in mail
    assert path.rsplit("/", 1)[1] in printed.partition("Gesamtbetrag")[2]  # below the total, not beside it
    assert re.fullmatch("/proof/[a-z2-7]{26}", path)
    assert path.rsplit("/", 1)[1] not in token_hashes
    assert 'lang="de"' in page.text
    assert "Rechnung INV-2026-0001" in words(page)
    assert "1:30:00" in words(page)
    assert "€" in words(page)
    assert "Checked the cables" not in page.text  # notes are shown only where the settings say so
    assert CANARY not in page.text
    assert "Globex" not in page.text
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_line_of_ones_own_shows_the_quantity_that_is_billed(story, visitor):
    story.log("1")
    draft = story.drafted()
    with unit_of_work() as session:
        add_free(
            session,
            actor=SYSTEM,
            now=story.now,
            invoice_id=draft.id,
            version=draft.version,
            wanted=FreeLine("Cables", Decimal(50), Decimal(3)),
        )

    page = visitor.get(path_of(story.issue(draft)))

    assert "3 × 50.00" in words(page)


def test_names_become_initials_and_notes_appear_where_the_settings_say_so(story, issued, visitor):
    with unit_of_work() as session:
        links.set_up(session, actor=SYSTEM, now=DECEMBER, days=30, shows_names=False, shows_notes=True)

    page = visitor.get(path_of(issued)).text

    assert story.office.technician.name not in page
    assert "Checked the cables" in page


def test_every_link_that_opens_nothing_gives_the_same_page(story, issued, visitor, fixed_clock, sign_in_as):
    path = path_of(issued)
    good = visitor.get(path)
    garbled = ("a" * 26, path[7:-1], path[7:].upper(), f"{path[7:]}a", "..%00")
    wrong = [visitor.get(f"/proof/{token}") for token in garbled]
    bookkeeper = sign_in_as(story.office.bookkeeper)
    bookkeeper.post(f"/invoices/{issued.id}/link/revoke")
    revoked = visitor.get(path)
    bookkeeper.post(f"/invoices/{issued.id}/link/renew")
    renewed = path_of(issued)
    fixed_clock.now = DECEMBER + timedelta(days=90)
    over = visitor.get(renewed)

    pages = [*wrong, revoked, over]
    assert good.status_code == 200
    assert {answer.status_code for answer in pages} == {404}
    assert len({without_nonce(answer.text) for answer in pages}) == 1
    assert {answer.headers["Referrer-Policy"] for answer in pages} == {"no-referrer"}
    assert renewed != path


def test_a_question_opens_a_ticket_marks_the_line_and_holds_until_it_is_answered(story, issued, visitor, sign_in_as):
    sent = visitor.post(f"{path_of(issued)}/1", data={"question": HOSTILE, "website": ""})
    again = visitor.get(path_of(issued))
    with unit_of_work() as session:
        question = session.scalars(select(LineQuestion)).one()
        details = session.get_one(TicketDetails, question.work_item_id)
        told = session.scalars(select(Message).where(Message.work_item_id == question.work_item_id)).all()
        number, contact = question.work_item.number, details.requester
        title, client_id = question.work_item.title, question.work_item.project.client_id

    assert sent.status_code == 303
    assert HOSTILE not in again.text
    assert (title, client_id) == ("Question about line 1 of INV-2026-0001", story.office.acme.id)
    assert (contact.email, contact.client_id) == ("billing@acme.example", story.office.acme.id)
    assert HOSTILE in told[0].text
    assert asked(issued)
    page = sign_in_as(story.office.bookkeeper).get(f"/invoices/{issued.id}").text
    assert "Questioned" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    ticket = sign_in_as(story.office.admin).get(f"/items/{number}").text
    assert "<script>alert(1)" not in ticket

    answered = sign_in_as(story.office.bookkeeper).post(f"/invoices/{issued.id}/questions/{question.id}/answered")

    assert answered.status_code == 303
    assert not asked(issued)


def test_a_question_is_in_nobodys_name_where_the_address_for_invoices_is_not_the_clients(story, issued, visitor):
    with unit_of_work() as session:
        address = session.scalars(select(Contact.email).where(Contact.client_id == story.office.globex.id)).first()
    story.change_client(invoice_email=address)

    visitor.post(f"{path_of(issued)}/1", data={"question": "What was this?", "website": ""})
    with unit_of_work() as session:
        question = session.scalars(select(LineQuestion)).one()
        contact = session.get_one(TicketDetails, question.work_item_id).requester

    assert (contact.name, contact.client_id) == ("Unknown sender", None)


def test_a_reply_and_the_end_of_the_ticket_are_answers_too(story, issued, visitor):
    states = []
    for end in ("reply", "closed"):
        visitor.post(f"{path_of(issued)}/1", data={"question": "Why two hours?"})
        states.append(asked(issued))
        with unit_of_work() as session:
            item = session.scalars(select(LineQuestion).order_by(LineQuestion.id.desc()).limit(1)).one().work_item
            if end == "reply":
                write(session, kind="reply", item_id=item.id, person_id=None, now=DECEMBER, text="As told")
            else:
                item.status = "closed"
        states.append(asked(issued))

    assert states == [True, False, True, False]


def test_robots_repetitions_and_wrong_lines_ask_nothing(story, issued, visitor):
    path = path_of(issued)
    robot = visitor.post(f"{path}/1", data={"question": "Buy this", "website": "https://spam.example"})
    statuses = [visitor.post(f"{path}/1", data={"question": f"Why {number}?"}).status_code for number in range(11)]
    empty = visitor.post(f"{path}/1", data={"question": " "})
    other = visitor.post(f"{path}/9", data={"question": "Why?"})

    with unit_of_work() as session:
        count = len(session.scalars(select(LineQuestion.id)).all())
    assert robot.status_code == 303
    assert statuses == [303] * 10 + [429]
    assert (empty.status_code, other.status_code, count) == (422, 404, 10)


def test_without_days_invoices_have_no_link(story, visitor):
    with unit_of_work() as session:
        links.set_up(session, actor=SYSTEM, now=DECEMBER, days=0, shows_names=True, shows_notes=False)
    story.log("1")
    invoice = story.issue(story.drafted())

    assert path_of(invoice) == ""

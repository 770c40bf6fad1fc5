"""Messages are found by what stands in them now, on both databases by the same words (docs/desk.md rule 30)."""

import pytest
from sqlalchemy import func, select, text, update

from helpdesk.company.models import Company
from helpdesk.desk import merging, splitting, taking_back
from helpdesk.desk import service as desk
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.full_text import EVERY, Wanted, mark, newest_texts
from helpdesk.kernel.words import words_of
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message
from helpdesk.tickets.process import describe_all
from helpdesk.tickets.service import finding
from tests.conftest import NOW
from tests.mails import mail
from tests.slices.desk.conftest import open_ticket

pytestmark = pytest.mark.usefixtures("rung")


def found(*wanted: Wanted, most: int = 50, before: int | None = None) -> list[int]:
    """Return the ids of messages that have all that is wanted, newest first."""
    with unit_of_work() as session:
        newest = newest_texts(session.get_bind().dialect.name, wanted, below=[before] if before else [], most=most)
        return list(session.scalars(select(newest.ids.c.id).order_by(newest.ids.c.id.desc())))


def word(*words: str, **how) -> Wanted:
    return Wanted(words, **how)


def message_with(part: str) -> int:
    with unit_of_work() as session:
        return session.scalars(select(Message.id).where(Message.text.contains(part))).one()


def item_of(message_id: int) -> WorkItem:
    with unit_of_work() as session:
        return session.get_one(WorkItem, session.get_one(Message, message_id).work_item_id)


def test_a_mail_is_found_by_its_words_subject_files_and_people_and_both_databases_agree(inbox, office):
    inbox.receive(
        mail(
            "Die Straßenbahn in Łódź fährt, \ufb01nde ich, nicht mehr. 1e5abc x\u0301y",
            files={"Übersicht-2026.pdf": b"x"},
        )
    )
    (every,) = found(word("strassenbahn"))

    for wanted in (
        word("lodz"), word("finde"), word("fahrt", "finde", "ich"), word("1e5abc"), word("xy"),
        word("nich", begins=True), word("nicht", "me", begins=True), word("ubersicht", part="files"),
        word("printer", part="subject"), word("2026", "pdf", part="files"), Wanted(marks=(finding.WITH_FILE,)),
    ):  # fmt: skip
        assert found(wanted) == [every], wanted
    for wanted in (
        word("bahn"), word("fahr"), word("ich", "finde"), word("lodz", part="subject"), word("lodz", part="files"),
        word("x"), word("pdf", "printer"), Wanted(marks=(mark("j", 999),)),
    ):  # fmt: skip
        assert found(wanted) == [], wanted
    assert found(word("lodz"), word("finde")) == [every]
    assert found(word("lodz"), word("finde", is_left_out=True)) == []
    assert found(word("lodz", is_left_out=True)) == []
    assert found(word("paris", is_left_out=True)) == [every]
    assert found(Wanted(("paris",), marks=(EVERY,))) == [every]


def message_with_mail(inbox, words: str) -> int:
    inbox.receive(mail(words))
    return message_with(words)


def test_what_changes_is_found_as_it_is_now(inbox, office):
    number = item_of(message_with_mail(inbox, "First zebra")).number
    other = open_ticket(office, title="Other", text="A note on giraffes")
    actor = office.actor("technician")
    zebra, giraffe = found(word("zebra"))[0], found(word("giraffes"))[0]

    with unit_of_work() as session:
        session.get_one(WorkItem, item_of(zebra).id).title = "Okapi"
    assert found(word("okapi", part="subject")) == [zebra]
    with unit_of_work() as session:
        merging.merge(session, actor=actor, now=NOW, number=other, into_number=number)
    assert found(word("okapi"), word("giraffes")) == [giraffe]
    with unit_of_work() as session:
        item = session.get_one(WorkItem, item_of(giraffe).id)
        splitting.split(session, actor=actor, now=NOW, item=item, message_id=giraffe, title="Gnu")
    assert found(word("gnu"), word("giraffes")) == [giraffe]
    assert found(word("okapi"), word("giraffes")) == []

    with unit_of_work() as session:
        session.execute(update(Company).values(undo_seconds=30))
    with unit_of_work() as session:
        sent = desk.reply(session, actor=actor, now=NOW, number=number, text="We feed the lion")
    assert found(word("lion")) == [sent.id]
    with unit_of_work() as session:
        taking_back.take_back(session, actor=actor, now=NOW, number=number, message_id=sent.id)
    assert found(word("lion")) == []

    with unit_of_work() as session:
        session.execute(update(Message).values(text="Ibis", reply_text="Ibis"))
    assert found(word("ibis")) == []
    with unit_of_work() as session:
        tickets.add_note(session, actor=actor, now=NOW, item_id=item_of(zebra).id, text="Whatever")
    assert len(found(word("ibis"))) == 2


def test_the_index_is_made_anew_page_by_page(office, monkeypatch):
    open_ticket(office, text="A zebra")
    open_ticket(office, text="Another zebra")
    every = found(word("zebra"))
    with unit_of_work() as session:
        session.execute(text("DELETE FROM found_messages"))
        session.execute(text("INSERT INTO found_messages (rowid, words) VALUES (9999, 'zebra')"))
        session.execute(text("INSERT INTO found_pending VALUES (9999)"))
    assert found(word("zebra")) == [9999]
    monkeypatch.setattr(finding, "AT_ONCE", 1)

    assert len(list(describe_all(unit_of_work))) >= 2
    assert found(word("zebra")) == every
    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(text("found_pending"))) == 0


def test_what_is_common_is_found_among_the_newest_and_what_is_rare_in_the_index(office):
    for turn in range(12):
        open_ticket(office, text="Rare zebra" if turn == 2 else "Common sparrow")
    newest = found(word("sparrow"))

    assert (len(newest), newest) == (11, sorted(newest, reverse=True))
    assert found(word("sparrow"), most=4) == newest[:4]
    assert found(word("sparrow"), most=4, before=newest[3]) == newest[4:8]
    assert len(found(word("zebra"), most=4)) == 1


def test_a_text_that_folding_makes_sixfold_is_taken_and_found_by_its_beginning(inbox, office):
    """PostgreSQL refuses what is longer than a megabyte: the rest of such a text is not found."""
    words = [chr(0x4E00 + at) + "\u3316" * 6 for at in range(8_000)]
    names = ["".join(words[at : at + 12]) + ".txt" for at in range(0, 1_200, 12)]

    taken = inbox.receive(mail("printer\n" + "\n".join(words), files=dict.fromkeys(names, b"x")))

    assert (taken.state, taken.outcome) == ("done", "ticket")
    assert len(found(word("printer"))) == 1
    assert found(word(*words_of(words[-1]))) == []

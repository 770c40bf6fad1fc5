"""Each message has an address that finds it, and a long conversation comes in parts (docs/desk.md rules 68 and 69)."""

from datetime import timedelta

import pytest

from helpdesk.desk import service
from helpdesk.desk.worked_time import WorkedTime
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.tickets import service as tickets
from helpdesk.timekeeping import service as timekeeping
from tests.conftest import NOW
from tests.mails import mail
from tests.slices.desk.test_merging import item_of, merge
from tests.slices.desk.test_splitting import message_of

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]


@pytest.fixture
def long(office):
    """A ticket with 150 notes; return their ids."""
    with unit_of_work() as session:
        return [
            tickets.add_note(
                session,
                actor=SYSTEM,
                now=NOW + timedelta(minutes=number),
                item_id=office.acme_ticket.id,
                text=f"Note {number} of many.",
            ).id
            for number in range(150)
        ]


def test_a_long_conversation_shows_its_newest_part_and_what_somebody_came_for(long, office, sign_in_as, count_queries):
    browser, page = sign_in_as(office.technician), f"/items/{office.acme_ticket.number}"

    with count_queries() as asked:
        newest = browser.get(page).text
    there = browser.get(f"{page}?at={long[50]}").text

    assert len([one for one in asked if one != "BEGIN"]) <= 8
    assert "Note 149 of" in newest
    assert "Note 109 of" not in newest
    assert f'href="{page}?at={long[70]}"' in newest
    assert f'hx-get="{page}/conversation?before={long[110]}"' in newest
    assert f'id="m{long[50]}"' in there
    assert "Note 149 of" not in there
    assert f'hx-get="{page}/conversation?after={long[89]}"' in there
    assert len(newest) < 120_000


def test_earlier_and_later_parts_come_in_steps_that_join(long, office, sign_in_as):
    browser, address = sign_in_as(office.technician), f"/items/{office.acme_ticket.number}/conversation"

    before, after = (
        browser.get(address, query_string=asked, headers={"HX-Request": "true"}).text
        for asked in ({"before": long[110]}, {"after": long[89]})
    )
    plain = browser.get(address, query_string={"before": long[110]})

    assert [f"Note {number} of" in before for number in (49, 50, 109, 110)] == [False, True, True, False]
    assert [f"Note {number} of" in after for number in (89, 90, 149)] == [False, True, True]
    assert "Later messages" not in before
    assert before.count("Earlier messages") == 1
    assert "Earlier messages" not in after
    assert plain.headers["Location"] == f"/items/{office.acme_ticket.number}?at={long[110]}"


def test_the_address_of_a_message_leads_to_the_ticket_where_it_is_now(inbox, office, sign_in_as):
    old, new = (item_of(inbox.receive(mail(text, subject=text))) for text in ("The first.", "The second."))
    message_id = message_of("The second.")
    browser = sign_in_as(office.technician)
    before = browser.get(f"/messages/{message_id}").headers["Location"]

    merge(office, new.number, into=old.number)

    after = browser.get(f"/messages/{message_id}").headers["Location"]
    assert before == f"/items/{new.number}?at={message_id}#m{message_id}"
    assert after == f"/items/{old.number}?at={message_id}#m{message_id}"
    assert f'id="m{message_id}"' in browser.get(after).text


def test_events_in_a_row_are_folded_and_time_stands_where_it_was_worked(office, sign_in_as):
    item, actor = office.acme_ticket, office.actor("technician")
    with unit_of_work() as session:
        for status in ("waiting", "in_progress", "open"):
            service.set_status(session, actor=actor, now=NOW, number=item.number, status=status)
        service.add_note(
            session,
            actor=actor,
            now=NOW + timedelta(minutes=5),
            number=item.number,
            text="Called.",
            time=WorkedTime("0:05"),
        )
        timekeeping.add_entry(
            session,
            actor=actor,
            now=NOW + timedelta(minutes=6),
            item_id=item.id,
            day=NOW.date(),
            worked="0:25",
            note="Looked at the rolls",
        )

    page = sign_in_as(office.technician).get(f"/items/{item.number}").text

    conversation = page.partition('id="conversation"')[2].partition("</ol>")[0]
    assert "3 changes, the last:" in conversation
    assert conversation.count("worked 0:25") == 1
    assert "worked 0:05" not in conversation
    assert "0:05 logged" in conversation
    assert "Looked at the rolls" in conversation

"""What of an open page of a ticket is sent anew: only what changed, and only to whom it may be shown."""

import re
from datetime import timedelta

import pytest

from helpdesk.desk import service as desk
from helpdesk.desk.conversation_page import Window, still_shown
from helpdesk.desk.views import fresh
from helpdesk.infra.db import unit_of_work
from helpdesk.tickets.models import Message
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

pytestmark = [pytest.mark.on_sqlite, pytest.mark.usefixtures("rung")]

MARK = re.compile(r'data-mark="([^"]+)"')


def marks(page: str) -> str:
    return "".join(MARK.findall(page))


def note(office, item_number, text, now=NOW):
    with unit_of_work() as session:
        return desk.add_note(session, actor=office.actor("manager"), now=now, number=item_number, text=text).id


def ask(browser, number, page, **how):
    answer = browser.get(f"/items/{number}/fresh", query_string={"have": marks(page), **how})
    assert answer.status_code == 200
    return answer.text


def parts_of(answer: str) -> set[str]:
    return set(re.findall(r'(?:id="part-|data-piece=")([\w-]+)"', answer))


def test_what_has_not_changed_is_not_sent(office, sign_in_as):
    number = open_ticket(office, text="Since Monday.")
    browser = sign_in_as(office.technician)
    page = browser.get(f"/items/{number}").text

    answer = ask(browser, number, page)

    assert parts_of(answer) == set()
    assert len(answer) < 300


def test_a_note_and_a_status_come_alone_and_small(office, sign_in_as):
    number = open_ticket(office, text="Since Monday.")
    browser = sign_in_as(office.technician)
    page = browser.get(f"/items/{number}").text
    first = re.search(r'id="m(\d+)"', page)
    assert first is not None
    written = note(office, number, "She is in a hurry.")
    sign_in_as(office.manager).post(f"/items/{number}/status", data={"status": "in_progress"})

    answer = ask(browser, number, page, first=first[1])

    changed = parts_of(answer)
    assert {f"m{written}", "status", "macros"} <= changed
    assert changed.isdisjoint({"title", "people", "links", "details", f"m{first[1]}"})
    assert f'data-order="m{first[1]} m{written} m{written + 1}"' in answer
    assert len(answer.encode()) < 30_000


def test_a_part_that_became_empty_comes_though_others_are_empty_too(office, sign_in_as):
    number = open_ticket(office, text="Since Monday.")
    browser = sign_in_as(office.technician)
    page = browser.get(f"/items/{number}").text
    empty = re.findall(r'id="part-([\w-]+)" data-mark="([^"]+)"></div>', page)
    key, mark = empty[0]
    assert len(empty) > 1

    answer = browser.get(f"/items/{number}/fresh", query_string={"have": marks(page).replace(mark, "shown-", 1)})

    assert parts_of(answer.text) == {key}


def test_what_does_not_fit_comes_with_the_next_answers(office, sign_in_as, monkeypatch):
    number = open_ticket(office, text="Since Monday.")
    browser = sign_in_as(office.technician)
    page = browser.get(f"/items/{number}").text
    written = [f"m{note(office, number, 'x' * 3_000, NOW + timedelta(minutes=n))}" for n in range(6)]
    monkeypatch.setattr(fresh, "AT_ONCE", 9_000)

    sizes: list[int] = []
    came: list[list[str]] = []
    while not came or came[-1]:
        answer = ask(browser, number, page)
        sizes.append(len(answer.encode()))
        came.append([piece for piece in written if f'data-piece="{piece}"' in answer])
        page += answer

    assert [piece for answer in came for piece in answer] == written
    assert len(came) > 3
    assert max(sizes) < 12_000


def test_whoever_may_not_see_it_any_more_gets_nothing(office, sign_in_as):
    number = office.globex_ticket.number

    answers = {
        who: sign_in_as(getattr(office, who)).get(f"/items/{number}/fresh").status_code
        for who in ("technician", "rival", "bookkeeper")
    }

    assert answers == {"technician": 404, "rival": 200, "bookkeeper": 403}


@pytest.mark.parametrize(
    ("window", "places"),
    [
        (None, range(60, 100)),
        (Window(21), range(20, 100)),
        (Window(21, 40), range(20, 40)),
        (Window(100), range(99, 100)),
        (Window(700), range(60, 100)),
        (Window(21, 700), range(20, 100)),
    ],
)
def test_a_long_conversation_is_followed_where_it_is_open(window, places):
    messages = [Message(id=number) for number in range(1, 101)]

    assert still_shown(messages, window) == places

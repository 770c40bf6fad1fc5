"""One act on many tickets: the rest goes on where one refuses, nobody is overruled, and undo gives back what was."""

import re

from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import WorkItem
from tests.slices.desk.conftest import open_ticket


def picks(page: str) -> dict[int, str]:
    """Return what each row of the queue is picked by, by number."""
    return {int(value.split("-")[0]): value for value in re.findall(r'name="pick" value="([\d-]+)"', page)}


def items() -> dict[int, tuple[str, str, str | None, list[str], bool, bool]]:
    with unit_of_work() as session:
        return {
            one.number: (
                one.status,
                one.priority,
                one.assignee.name if one.assignee else None,
                [tag.tag for tag in one.tags],
                one.closed_at is None,
                one.snoozed_until is None,
            )
            for one in session.scalars(select(WorkItem).where(WorkItem.kind == "ticket"))
        }


def test_an_act_on_many_changes_each_and_undo_gives_back_what_was(office, sign_in_as):
    first, second = open_ticket(office), open_ticket(office, assignee_id=office.technician.id, priority="high")
    browser = sign_in_as(office.technician)
    before = items()
    acts = {
        f"assignee:{office.account_manager.id}": (2, office.account_manager.name),
        "status:solved": (0, "solved"),
        "priority:urgent": (1, "urgent"),
        "tag:  VPN  Down": (3, ["vpn down"]),
        "snooze:2026-11-19T08:00:00+00:00": (5, False),
        "spam": (0, "closed"),
    }

    for act, (place, after) in acts.items():
        rows = picks(browser.get("/desk").text)
        answer = browser.post("/desk/bulk", data={"pick": [rows[first], rows[second]], "act": act, "next": "/desk"})
        done = answer.location.partition("done=")[2]
        assert "2 tickets changed." in browser.get(answer.location).text
        assert [items()[number][place] for number in (first, second)] == [after, after]
        assert items()[first] != before[first]
        undone = browser.post(f"/desk/bulk/{done}/undo", data={"next": "/desk"})
        assert "2 tickets are as before." in browser.get(undone.location).text
        assert items() == before, act
        browser.post(f"/desk/bulk/{done}/undo")
        assert "That is undone already." in browser.get("/desk").text
        assert items() == before


def test_who_changed_a_ticket_since_is_not_overruled(office, sign_in_as):
    free, taken = open_ticket(office), open_ticket(office)
    browser = sign_in_as(office.technician)
    rows = picks(browser.get("/desk").text)
    browser.post(f"/items/{taken}/status", data={"status": "waiting"})

    answer = browser.post("/desk/bulk", data={"pick": [*rows.values()], "act": "status:solved"})

    said = browser.get(answer.location).text
    assert f"Not changed: #{taken}: {office.technician.name} set the status to waiting since you looked." in said
    assert "2 tickets changed." in said
    assert (items()[free][0], items()[taken][0]) == ("solved", "waiting")
    browser.post(f"/items/{free}/status", data={"status": "in_progress"})
    act_id = answer.location.partition("done=")[2]
    undone = browser.get(browser.post(f"/desk/bulk/{act_id}/undo").location).text
    assert "1 of 2 tickets is as before." in undone
    assert f"Not undone: #{free}: somebody changed it since." in undone
    assert (items()[free][0], items()[office.acme_ticket.number][0]) == ("in_progress", "open")
    browser.post(f"/items/{free}/status", data={"status": "solved"})
    assert "1 ticket is as before." in browser.get(browser.post(f"/desk/bulk/{act_id}/undo").location).text
    browser.post(f"/desk/bulk/{act_id}/undo")
    assert "That is undone already." in browser.get("/desk").text


def test_nobody_acts_on_what_they_do_not_see_or_undoes_what_others_did(office, sign_in_as):
    browser = sign_in_as(office.technician)
    rows = picks(sign_in_as(office.rival).get("/desk").text)
    hidden = office.globex_ticket.number

    answer = browser.post("/desk/bulk", data={"pick": [*rows.values()], "act": "priority:low"})

    assert f"#{hidden}: There is no such ticket or task" in browser.get(answer.location).text
    assert items()[hidden][1] == "normal"
    assert items()[office.acme_ticket.number][1] == "low"
    act_id = answer.location.partition("done=")[2]
    assert sign_in_as(office.rival).post(f"/desk/bulk/{act_id}/undo").status_code == 404
    for data in ({"act": "priority:low"}, {"pick": "x", "act": "spam"}, {"pick": "1-1", "act": "nonsense"}):
        assert browser.post("/desk/bulk", data=data).status_code == 422


def test_tags_of_a_ticket_are_put_on_and_taken_off_on_its_page(office, sign_in_as):
    number, browser = office.acme_ticket.number, sign_in_as(office.technician)

    browser.post(f"/items/{number}/tags", data={"tag": "Printer"})
    assert items()[number][3] == ["printer"]
    assert "added the tag printer" in browser.get(f"/items/{number}").text
    browser.post(f"/items/{number}/tags", data={"off": "printer"})
    browser.post(f"/items/{number}/tags", data={"tag": "a,b"})

    assert items()[number][3] == []
    assert "A tag is a word or a few" in browser.get(f"/items/{number}").text

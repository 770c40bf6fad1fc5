"""Pages are in one language: until there is a catalogue for all of them, that is English, dates included."""

import pytest

from helpdesk.accounts.models import Person
from helpdesk.infra.db import unit_of_work

GERMAN = {"Accept-Language": "de-DE,de;q=0.9"}


@pytest.fixture
def week_of(office, sign_in_as):
    """Return the page of a week in which the technician worked on a Wednesday in October."""

    def read(**asked: str) -> str:
        browser = sign_in_as(office.technician)
        entry = {"number": str(office.acme_ticket.number), "day": "2026-10-14", "worked": "1:30", "note": "labels"}
        browser.post("/time/entries", data={**entry, "work_type_id": str(office.remote.id), "billable": "billable"})
        page: str = browser.get("/time?week=2026-W42", headers=asked).text
        return page

    return read


def test_a_german_browser_gets_english_words_and_english_dates(week_of):
    page = week_of(**GERMAN)

    assert '<html lang="en"' in page
    assert "Wednesday 14 October" in page
    assert "Mittwoch" not in page
    assert "Oktober" not in page


def test_the_language_that_somebody_chose_is_kept_for_later(week_of, office):
    with unit_of_work() as session:
        session.get_one(Person, office.technician.id).language = "de"

    page = week_of()

    assert '<html lang="en"' in page
    assert "Wednesday 14 October" in page
    with unit_of_work() as session:
        assert session.get_one(Person, office.technician.id).language == "de"

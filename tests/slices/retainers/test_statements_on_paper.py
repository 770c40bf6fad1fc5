"""The statement of a month on paper: every posting with its entry, in the client's language, nothing pending."""

import html
import io
import re
from datetime import UTC, date, datetime

import pypdf
import pytest

from helpdesk.kernel.periods import Month
from helpdesk.retainers.statements import paper

pytestmark = pytest.mark.on_sqlite

MID_MARCH = datetime(2026, 3, 18, 20, tzinfo=UTC)
MAY = datetime(2026, 5, 2, 8, tzinfo=UTC)
MARCH, APRIL = Month(2026, 3), Month(2026, 4)


def words_of(page: str) -> str:
    """Return what the reader sees, without tags and with plain spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def sheet_of(story, month, now, **more):
    return paper.read_sheet(story.session, story.agreement, month=month, now=now, **more)


def test_a_closed_month_opens_every_posting_to_its_entry(story, office):
    office.acme.language = "de"
    story.session.merge(office.acme)
    story.agree(per_month="10", rollover_months=1, overage_rate_minor=12000)
    story.log("4", "2026-03-02")
    story.close("2026-03")
    story.log("12", "2026-04-07")
    story.log("5.5", "2026-04-08")
    story.close("2026-04")

    text = words_of(paper.to_html(sheet_of(story, APRIL, MAY)))

    for words in (
        "Kontingentnachweis, April 2026",
        "Abgeschlossen am 1. Juni 2026",
        "Vortrag Kontingent Verbraucht Mehrstunden Verfallen Übertrag 6:00 10:00 17:30 1:30 0:00 0:00",
        "Di. 7 12:00 12:00 3:44",
        "Vortrag 6:00 6:00 Stunden des Monats 10:00 16:00",
        "Technician Person, entnommen aus: März 2026 6:00, April 2026 6:00 12:00 -12:00 4:00",
        "8. Apr. #1 Printer prints blank labels Technician Person 4:00 -4:00 0:00",
        "Technician Person, berechnet mit 120,00 € je Stunde 1:30 1:30",
    ):
        assert words in text


def test_the_client_reads_nothing_that_is_not_approved_and_our_own_copy_sets_it_apart(story):
    story.agree(per_month="10")
    story.log("4", "2026-03-02")
    story.log("2.5", "2026-03-03", status="submitted")

    theirs = words_of(paper.to_html(sheet_of(story, MARCH, MID_MARCH)))
    ours = words_of(paper.to_html(sheet_of(story, MARCH, MID_MARCH, with_pending=True)))

    assert "As of 18 March 2026, not closed yet" in theirs
    assert "Carried in Allowance Used Left 0:00 10:00 4:00 6:00" in theirs
    assert "2:30" not in theirs
    assert "approved" not in theirs
    assert "Tue 3 – 2:30 4:00" in ours
    assert (
        "Not approved yet Day Work Worked 3 Mar #1 Printer prints blank labels Technician Person 2:30 Together 2:30"
        in ours
    )


def test_the_pdf_has_the_clients_sheet_the_same_bytes_again_and_as_many_pages_as_it_needs(story, office):
    office.acme.country = "US"
    story.session.merge(office.acme)
    story.agree(per_month="40", starts_on=date(2026, 3, 1))
    for day in range(1, 31):
        story.log("1.25", f"2026-03-{day:02}").note = "Looked at the printer of the third floor " * 6
    story.close("2026-03")

    once, again = (paper.to_pdf(sheet_of(story, MARCH, MAY)) for _ in range(2))

    pages = pypdf.PdfReader(io.BytesIO(once)).pages
    assert once == again
    assert [round(side) for side in pages[0].mediabox[2:]] == [612, 792]
    assert len(pages) > 2
    assert f"{len(pages)} / {len(pages)}" in pages[-1].extract_text()

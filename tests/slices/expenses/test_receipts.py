"""Receipts are opened for real, stored clean, handed out safely; what is none says so, and all else is kept."""

import io
import re

import pytest
from PIL import Image
from pypdf import PdfWriter
from sqlalchemy import select

from helpdesk.expenses.gateway import clean_receipt
from helpdesk.expenses.models import Expense, ExpenseReceipt
from helpdesk.infra.db import unit_of_work
from helpdesk.kernel.errors import RuleViolation

pytestmark = pytest.mark.on_sqlite

GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F
TYPED = {
    "kind": "amount",
    "amount": "12.50",
    "currency": "EUR",
    "spent_on": "2026-11-16",
    "billing": "as_is",
    "note": "Bus to the site",
}


def photo(width: int = 60, height: int = 40) -> bytes:
    """A photograph as a phone makes it: lying on its side, with place and maker."""
    picture = Image.new("RGB", (width, height), "white")
    exif = picture.getexif()
    exif[ORIENTATION], exif[MAKER] = 6, "Spyphone"
    exif.get_ifd(GPS)[1] = "N"
    output = io.BytesIO()
    picture.save(output, "JPEG", exif=exif)
    return output.getvalue()


def pdf(*, password: str = "") -> bytes:
    writer, output = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 300)
    if password:
        writer.encrypt(password)
    writer.write(output)
    return output.getvalue()


def receipts() -> list[tuple[str, str]]:
    with unit_of_work() as session:
        return [(one.name, one.content_type) for one in session.scalars(select(ExpenseReceipt))]


def test_a_photograph_is_stored_upright_and_without_where_it_was_taken(desk, sign_in_as):
    phone = sign_in_as(desk.office.technician)
    form = {**TYPED, "project_id": desk.office.acme_project.id, "photo": (io.BytesIO(photo()), "IMG 1.jpeg")}

    answer = phone.post("/expenses/new", data=form, content_type="multipart/form-data", follow_redirects=True)
    url = re.search(r'src="(/expenses/receipts/\d+/[^"]+)"', answer.text)
    assert url is not None
    shown = phone.get(url[1])

    picture = Image.open(io.BytesIO(shown.data))
    assert picture.size == (40, 60)
    assert dict(picture.getexif()) == {}
    assert b"Spyphone" not in shown.data
    assert receipts() == [("IMG 1.jpg", "image/jpeg")]
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert sign_in_as(desk.office.rival).get(url[1]).status_code == 404


def test_a_receipt_that_is_none_says_so_and_the_good_one_and_the_rest_are_kept(desk, sign_in_as):
    phone = sign_in_as(desk.office.technician)
    form = {**TYPED, "project_id": desk.office.acme_project.id}
    bad = {"photo": (io.BytesIO(photo()), "good.jpg"), "receipt": (io.BytesIO(b"<svg onload=alert(1)>"), "bill.svg")}

    refused = phone.post("/expenses/new", data={**form, **bad, "amount": "12.345"}, content_type="multipart/form-data")
    kept = re.search(r'name="kept"[^>]*value="([^"]+)"', refused.text)
    assert kept is not None
    done = phone.post("/expenses/new", data={**form, "kept": kept[1]})

    assert (refused.status_code, done.status_code) == (422, 303)
    assert "“bill.svg” is no picture and no PDF." in refused.text
    assert 'id="receipt-error"' in refused.text
    assert 'id="amount-error"' in refused.text
    assert "Bus to the site" in refused.text
    assert "Kept: good.jpg" in refused.text
    assert receipts() == [("good.jpg", "image/jpeg")]
    forged = sign_in_as(desk.office.manager).post("/expenses/new", data={**form, "kept": kept[1]})
    assert forged.status_code == 303
    assert len(receipts()) == 1


def test_a_pdf_is_handed_out_to_be_saved_and_a_receipt_can_go(desk, sign_in_as):
    phone = sign_in_as(desk.office.technician)
    form = {**TYPED, "project_id": desk.office.acme_project.id, "receipt": (io.BytesIO(pdf()), "../../Bill.PDF")}

    phone.post("/expenses/new", data=form, content_type="multipart/form-data")
    with unit_of_work() as session:
        receipt_id = session.scalars(select(ExpenseReceipt.id)).one()
        expense_id = session.scalars(select(Expense.id)).one()
    saved = phone.get(f"/expenses/receipts/{receipt_id}/Bill.pdf")
    gone = phone.post(f"/expenses/receipts/{receipt_id}/remove", follow_redirects=True)

    assert saved.headers["Content-Disposition"] == "attachment; filename=Bill.pdf"
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
    assert saved.mimetype == "application/pdf"
    assert "Receipt removed by Technician Person" in gone.text
    assert receipts() == []
    assert phone.post(f"/expenses/{expense_id}/delete").status_code == 303


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"MZ\x90\x00", "is no picture and no PDF"),
        (b"<html><script>alert(1)</script>", "is no picture and no PDF"),
        (b"\xff\xd8\xff\xe0 not at all", "looks like a picture, but is broken"),
        (photo()[:-200], "looks like a picture, but is broken"),
        (b"%PDF-1.7\nnothing", "looks like a PDF, but is broken"),
        (pdf(password="secret"), "is locked by a password"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "is a HEIC picture"),
        (b"\xff\xd8\xff" + bytes(12 * 1024 * 1024), "has 13 MB; a receipt has 12 MB"),
    ],
)
def test_what_is_no_receipt_is_named_with_what_to_do(content, says):
    with pytest.raises(RuleViolation, match=f"“scan” {says}"):
        clean_receipt(content, name="scan")


def test_whoever_opens_a_receipt_for_too_long_is_ended():
    with pytest.raises(RuleViolation, match="could not be opened in time"):
        clean_receipt(photo(), name="scan", seconds=0.001)

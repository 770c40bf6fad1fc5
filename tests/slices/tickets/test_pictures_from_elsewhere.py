"""Remote pictures of a mail: nothing is fetched until somebody asks; then by us, drawn anew (docs/mail.md rule 33)."""

import io
import re
import struct
import zlib
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow, Blob
from helpdesk.intake.models import InboundEffect
from helpdesk.kernel.errors import ExternalFailure, NotFound, RuleViolation
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import process, service
from helpdesk.tickets.models import Message, RemotePicture
from helpdesk.tickets.service import pictures as picture_service
from tests.conftest import NOW
from tests.mails import mail
from tests.picture_server import running_picture_server

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]
PRIVATE = "its server is not in the public internet"
NO_PICTURE = "it is no picture of a kind that is shown (png, jpeg, gif, webp), is broken, or has too many pixels"


def picture(kind="PNG", size=(3, 2), mode="RGB", **more):
    output = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else 1).save(output, kind, **more)
    return output.getvalue()


def bomb(width=60_000, height=60_000):
    """A picture of 3.6 thousand million pixels in a few hundred bytes."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.fixture
def server():
    with running_picture_server() as running:
        yield running


@pytest.fixture
def receive(inbox, server):
    """Return work item and message of a mail with pictures at these paths of the server, or at these addresses."""

    def _receive(*sources):
        urls = [source if "//" in source else server.url(source) for source in sources]
        html = "".join(f'<p>Picture {number}<img src="{url}" alt="logo"></p>' for number, url in enumerate(urls))
        line = inbox.receive(mail("See the pictures.", html=html))
        with unit_of_work() as session:
            effect = session.get_one(InboundEffect, line.id)
            return session.get_one(WorkItem, effect.work_item_id), effect.message_id

    return _receive


def ask(office, item, message_id, *, actor="technician"):
    with unit_of_work() as session:
        return service.ask_for_pictures(
            session, actor=office.actor(actor), now=NOW, item_id=item.id, message_id=message_id
        )


def fetch(message_id, get, fixed_clock):
    process.fetch_pictures(message_id, unit_of_work, get=get, store=blobs.store(), clock=fixed_clock)
    return rows(message_id)


def rows(message_id):
    with unit_of_work() as session:
        query = select(RemotePicture).where(RemotePicture.message_id == message_id).order_by(RemotePicture.position)
        return list(session.scalars(query))


def outcomes(found):
    return [(one.state, one.why) for one in found]


def test_a_mail_that_comes_in_asks_nobody_for_its_pictures(receive, server, office, sign_in_as):
    item, message_id = receive("/a.png", "/b.png")
    browser = sign_in_as(office.technician)

    page, frame = browser.get(f"/items/{item.number}").text, browser.get(f"/messages/{message_id}/body").text

    assert server.asked == []
    assert rows(message_id) == []
    assert "2 pictures from elsewhere are not loaded (pictures.example)" in page
    assert "Show 2 pictures from elsewhere" in page
    assert frame.count('<img alt="logo">') == 2
    assert "elsewhere" not in frame
    assert "pictures.example" not in frame


def test_what_somebody_asked_for_is_fetched_drawn_anew_and_shown_in_its_place(
    receive, server, office, sign_in_as, fixed_clock, rung
):
    server.lies_there |= {"/a.png": picture() + b"<script>", "/b.jpg": picture("JPEG", comment=b"spy")}
    item, message_id = receive("/a.png", "/b.jpg", "/a.png")
    browser = sign_in_as(office.technician)

    answer = browser.post(f"/items/{item.number}/messages/{message_id}/pictures")
    assert answer.headers["Location"] == f"/items/{item.number}?at={message_id}#m{message_id}"
    assert ("fetch_pictures", (message_id,)) in [(bell.job, bell.args) for bell in rung]
    assert "Fetching pictures: 0 of 2" in browser.get(f"/items/{item.number}").text
    first, second = fetch(message_id, server.get(), fixed_clock)
    frame = browser.get(f"/messages/{message_id}/body")

    assert outcomes([first, second]) == [("shown", "")] * 2
    assert server.paths == ["/a.png", "/b.jpg"]
    assert re.findall(r'src="([^"]*)"', frame.text) == [f"/pictures/{one.id}" for one in (first, second, first)]
    assert "img-src 'self'" in frame.headers["Content-Security-Policy"]
    for row, kind in ((first, "image/png"), (second, "image/jpeg")):
        shown = browser.get(f"/pictures/{row.id}")
        assert (shown.status_code, shown.mimetype, shown.headers["X-Content-Type-Options"]) == (200, kind, "nosniff")
        assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
        assert b"script" not in shown.data
        assert b"spy" not in shown.data
        assert Image.open(io.BytesIO(shown.data)).size == (3, 2)
    assert "2 pictures from elsewhere are shown from our own copies." in browser.get(f"/items/{item.number}").text
    assert server.paths == ["/a.png", "/b.jpg"]


@pytest.mark.parametrize(("kind", "shown_as"), [("GIF", "image/png"), ("WEBP", "image/webp"), ("PNG", "image/png")])
def test_each_kind_is_drawn_as_one_that_browsers_show(receive, server, office, fixed_clock, kind, shown_as):
    server.lies_there["/a"] = picture(kind)
    item, message_id = receive("/a")
    ask(office, item, message_id)

    (row,) = fetch(message_id, server.get(), fixed_clock)

    assert (row.state, row.content_type) == ("shown", shown_as)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (bomb(), NO_PICTURE),
        (bomb(9_000, 9_000), NO_PICTURE),
        (picture(size=(6000, 6000), mode="1"), NO_PICTURE),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', NO_PICTURE),
        (b"<html><script>alert(1)</script></html>", NO_PICTURE),
        (picture("BMP"), NO_PICTURE),
        (picture("TIFF"), NO_PICTURE),
        (picture()[:-30], NO_PICTURE),
        (b"", NO_PICTURE),
        (b"GIF89a", NO_PICTURE),
        (bytes(5 * 1024 * 1024 + 1), "it is larger than 5 MB"),
        ("http://10.0.0.5/inside.png", PRIVATE),
        ("http://169.254.169.254/latest/meta-data/", PRIVATE),
        ("file:///etc/passwd", "its address is none of the web"),
    ],
    ids=[
        *("bomb", "half a bomb", "too many pixels", "svg", "page", "bmp", "tiff", "broken", "empty", "cut", "large"),
        *("redirect inside", "redirect to metadata", "redirect to a file"),
    ],
)
def test_a_bad_picture_says_why_it_is_missing_and_stops_none_of_the_others(
    receive, server, office, sign_in_as, fixed_clock, content, why
):
    server.lies_there |= {"/bad/a.png": content, "/good.png": picture()}
    item, message_id = receive("/bad/a.png", "/good.png")
    ask(office, item, message_id)

    def by_name(host, _port):
        return ["127.0.0.1"] if host == "pictures.example" else [host]

    found = fetch(message_id, server.get(by_name), fixed_clock)
    page = sign_in_as(office.technician).get(f"/items/{item.number}").text

    assert outcomes(found) == [("missing", why), ("shown", "")]
    assert f'<span class="where">pictures.example/…/a.png</span>: {why}' in page.replace("&#39;", "'")
    assert "1 picture is missing:" in page
    with unit_of_work() as session:
        assert {one.size_bytes for one in session.scalars(select(Blob))} >= {
            len(blobs.store().get(found[1].blob_sha256))
        }


def test_as_it_runs_for_real_nothing_of_this_machine_is_asked(receive, server, office, fixed_clock):
    from helpdesk.infra import outside  # noqa: PLC0415 - the very client of the job, with nothing permitted

    item, message_id = receive(
        server.url("/a.png", "127.0.0.1"), "http://127.0.0.1/a.png", "http://[::1]/", "cid.gif//"
    )
    ask(office, item, message_id)

    found = fetch(message_id, outside.fetch, fixed_clock)

    assert outcomes(found) == [
        ("missing", "its address has a user or a port in it that is never asked"),
        ("missing", PRIVATE),
        ("missing", PRIVATE),
        ("missing", "its address is none of the web"),
    ]
    assert server.asked == []


def test_an_address_without_a_scheme_is_asked_by_https(receive, office, fixed_clock):
    asked = []

    def get(url, **_limits):
        asked.append(url)
        return picture()

    item, message_id = receive("//pictures.example/a.png")
    ask(office, item, message_id)

    assert outcomes(fetch(message_id, get, fixed_clock)) == [("shown", "")]
    assert asked == ["https://pictures.example/a.png"]


def test_more_than_fifty_pictures_are_not_fetched(receive, server, office, fixed_clock):
    for number in range(51):
        server.lies_there[f"/{number}.png"] = picture()
    item, message_id = receive(*(f"/{number}.png" for number in range(51)))

    assert ask(office, item, message_id) == 50
    found = fetch(message_id, server.get(), fixed_clock)

    assert outcomes(found)[:50] == [("shown", "")] * 50
    assert outcomes(found)[50:] == [("missing", "more than 50 pictures of one mail are not fetched")]


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [
        ("MAIL_BYTES", 10, "the pictures of this mail are larger than 0 MB together"),
        ("MAIL_SECONDS", 0.0, "the pictures of this mail took longer than 0 seconds together"),
    ],
)
def test_all_pictures_of_a_mail_together_have_a_limit(
    receive, server, office, fixed_clock, monkeypatch, limit, value, why
):
    server.lies_there |= {"/a.png": picture(), "/b.png": picture()}
    item, message_id = receive("/a.png", "/b.png")
    ask(office, item, message_id)
    monkeypatch.setattr(process, limit, value)

    found = fetch(message_id, lambda _url, **_limits: picture(), fixed_clock)

    assert outcomes(found)[-1] == ("missing", why)


def test_what_is_missing_is_tried_again_and_what_is_there_is_left_alone(receive, server, office, fixed_clock):
    server.lies_there["/a.png"] = picture()
    item, message_id = receive("/a.png", "/b.png")
    ask(office, item, message_id)
    assert outcomes(fetch(message_id, server.get(), fixed_clock))[1] == ("missing", "it is not there any more")
    server.lies_there["/b.png"] = picture("JPEG")

    assert ask(office, item, message_id) == 1
    found = fetch(message_id, server.get(), fixed_clock)

    assert outcomes(found) == [("shown", "")] * 2
    assert server.paths == ["/a.png", "/b.png", "/b.png"]
    with pytest.raises(RuleViolation, match="no picture from elsewhere"):
        ask(office, item, message_id)


def test_two_who_ask_at_once_and_a_job_that_runs_twice_fetch_each_picture_once(receive, server, office, fixed_clock):
    server.lies_there["/a.png"] = picture()
    item, message_id = receive("/a.png")
    ask(office, item, message_id)
    with pytest.raises(RuleViolation):
        ask(office, item, message_id, actor="manager")
    with unit_of_work() as session:
        assert len(picture_service.claim_pictures(session, message_id=message_id, now=NOW)) == 1

    fetch(message_id, server.get(), fixed_clock)

    assert server.asked == []


def test_what_a_dead_worker_left_is_taken_up_and_given_up_after_three_times(receive, server, office, fixed_clock, rung):
    item, message_id = receive("/a.png")
    ask(office, item, message_id)

    def break_off(*_, **__):
        raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            fetch(message_id, break_off, fixed_clock)
        rung.clear()
        process.sweep_pictures(unit_of_work, clock=fixed_clock)
        assert rung == []
        fixed_clock.advance(minutes=6)
        process.sweep_pictures(unit_of_work, clock=fixed_clock)
        assert [(bell.job, bell.args) for bell in rung] == [("fetch_pictures", (message_id,))]

    found = fetch(message_id, server.get(), fixed_clock)

    assert outcomes(found) == [("missing", "it broke off whoever drew it")]
    assert server.asked == []


def test_a_full_disk_is_no_fault_of_the_picture(receive, server, office, fixed_clock, monkeypatch):
    server.lies_there["/a.png"] = picture()
    item, message_id = receive("/a.png")
    ask(office, item, message_id)

    def full(_content):
        message = "The file could not be stored: No space left on device."
        raise ExternalFailure(message)

    store = blobs.store()
    monkeypatch.setattr(store, "put", full)
    with pytest.raises(ExternalFailure):
        process.fetch_pictures(message_id, unit_of_work, get=server.get(), store=store, clock=fixed_clock)

    assert outcomes(rows(message_id)) == [("wanted", "")]
    fixed_clock.advance(minutes=6)
    assert outcomes(fetch(message_id, server.get(), fixed_clock)) == [("shown", "")]


def test_who_asked_stands_in_the_audit(receive, office):
    item, message_id = receive("/a.png")

    ask(office, item, message_id)

    with unit_of_work() as session:
        row = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(1)).one()
        assert (row.action, row.actor_name, row.data) == (
            "asked for pictures from elsewhere",
            "Technician Person",
            {"message_id": message_id},
        )
    assert rows(message_id)[0].asked_by_id == office.technician.id


def test_nobody_asks_for_pictures_of_a_mail_that_they_may_not_read_or_of_another_ticket(receive, office):
    item, message_id = receive("/a.png")
    with unit_of_work() as session:
        session.get_one(Message, message_id).work_item_id = office.globex_ticket.id

    with pytest.raises(NotFound):
        ask(office, office.globex_ticket, message_id)
    with pytest.raises(NotFound):
        ask(office, item, message_id, actor="admin")
    assert rows(message_id) == []


def test_pictures_of_a_mail_that_may_not_be_read_are_not_there(receive, server, office, fixed_clock, sign_in_as):
    server.lies_there["/a.png"] = picture()
    item, message_id = receive("/a.png")
    ask(office, item, message_id)
    (row,) = fetch(message_id, server.get(), fixed_clock)
    with unit_of_work() as session:
        session.get_one(Message, message_id).work_item_id = office.globex_ticket.id

    assert sign_in_as(office.technician).get(f"/pictures/{row.id}").status_code == 404
    assert sign_in_as(office.rival).get(f"/pictures/{row.id}").status_code == 200


def test_the_file_of_a_picture_is_one_that_a_row_tells_of(receive, server, office, fixed_clock):
    server.lies_there["/a.png"] = picture()
    item, message_id = receive("/a.png")
    ask(office, item, message_id)
    (row,) = fetch(message_id, server.get(), fixed_clock)

    def known(digests):
        with unit_of_work() as session:
            return blobs.known(session, digests) & blobs.used(session, digests)

    blobs.store().sweep(known, now=NOW + timedelta(days=36500))

    assert blobs.store().get(row.blob_sha256)

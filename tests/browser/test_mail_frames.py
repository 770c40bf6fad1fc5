"""Mail whose HTML says more than its text stands in a frame that is as tall as it is, at every width.

docs/desk.md rules 120 to 122.
"""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Frame, Page, expect

from helpdesk.infra import blobs
from helpdesk.infra.db import db, unit_of_work
from helpdesk.intake.parser.html import sanitise
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import IncomingMail, NewAttachment
from tests.browser.chromium import NARROW, WIDE, Visitor, dress
from tests.browser.site import Site
from tests.conftest import NOW

LINK = '<a href="https://kuehn.example/x">here</a>'
ROW = f"<tr><td>{'a wide cell ' * 8}</td></tr>"
MAILS = {
    "one line": f"<p>Look {LINK}</p>",
    "long": f'<div style="height:20000px">Long {LINK}</div><p>its end</p>',
    "window": f'<div style="height:100vh">Tall {LINK}</div><div style="height:calc(150vh + 10px)">x</div>',
    "wide": f'<table width="2400" style="white-space:nowrap">{ROW}{ROW}</table><p>Wide {LINK}</p>',
    "endless": f'<div style="height:70000px">Endless {LINK}</div><p>its end</p>',
    "quote": f"<p>Thanks {LINK}</p><div>On Monday Priya wrote:<div>{'<p>an old line</p>' * 40}</div></div>",
    "picture": f'<p>See {LINK}</p><p><img src="cid:shot@kuehn" alt="the screen"></p>',
}
QUOTED = "On Monday Priya wrote:\n" + "> an old line\n" * 40
BOX = """(frame) => {
  const root = frame.contentDocument.documentElement;
  return { content: root.scrollHeight, height: root.clientHeight, frame: frame.offsetHeight,
           wide: root.scrollWidth > root.clientWidth };
}"""
STEADY = """(frame) => new Promise((done) => {
  let before = -1, same = 0;
  const look = () => {
    same = frame.offsetHeight === before ? same + 1 : 0;
    before = frame.offsetHeight;
    if (same < 12) requestAnimationFrame(look); else done();
  };
  look();
})"""
Mails = dict[str, int]


@pytest.fixture(scope="module")
def mails(site: Site) -> Mails:
    """Return the message of each mail on one ticket, and its number."""
    drawn = io.BytesIO()
    Image.new("RGB", (300, 900), "teal").save(drawn, "PNG")
    with site.app.app_context():
        digest = blobs.store().put(drawn.getvalue())
        with unit_of_work() as session:
            blobs.record(session, digest=digest, size_bytes=len(drawn.getvalue()), now=NOW)
            found = {name: keep(session, site, name, html, digest) for name, html in MAILS.items()}
            number = session.get_one(WorkItem, int(site.ids["acme_ticket_id"])).number
        db.session.remove()
    return found | {"number": number}


def keep(session, site: Site, name: str, html: str, digest: str) -> int:
    picture = NewAttachment("shot.png", "image/png", digest, 900, inline=True, content_id="shot@kuehn")
    said = IncomingMail(
        subject=name,
        text="Look here",
        html=sanitise(html).html,
        reply_text="Look here",
        trimmed_text=QUOTED if name == "quote" else "",
        message_id=f"<{name.replace(' ', '.')}@kuehn.example>",
        received_at=NOW,
        attachments=(picture,) if name == "picture" else (),
    )
    contact_id = int(site.ids["acme_contact"])
    item_id = int(site.ids["acme_ticket_id"])
    return tickets.add_mail(session, now=NOW, item_id=item_id, contact_id=contact_id, person_id=None, mail=said).id


def frame_of(page: Page, message_id: int) -> Frame:
    """Return the frame of a message, once it is fitted."""
    element = page.locator(f"#sent-{message_id} > iframe")
    element.scroll_into_view_if_needed()
    handle = element.element_handle()
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_url(f"**/messages/{message_id}/body")
    frame.wait_for_load_state("load")
    page.wait_for_function("(frame) => frame.style.blockSize", arg=handle)
    handle.evaluate(STEADY)
    return frame


def box_of(page: Page, message_id: int) -> dict[str, int]:
    element = page.locator(f"#sent-{message_id} > iframe").element_handle()
    element.evaluate(STEADY)
    return dict(element.evaluate(BOX))


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_frame_is_as_tall_as_its_mail(visitor_of: Callable[[str], Visitor], mails: Mails, width: int) -> None:
    visitor = visitor_of("technician")
    dress(visitor.page, width=width, theme="light")
    page = visitor.goto(f"/items/{mails['number']}")

    found = {}
    for name in ("one line", "long", "window", "wide", "quote", "picture"):
        frame_of(page, mails[name])
        found[name] = box_of(page, mails[name])

    assert {name: box["content"] - box["height"] for name, box in found.items()} == dict.fromkeys(found, 0)
    assert found["one line"]["frame"] < 60
    assert 20_000 < found["long"]["frame"] < 20_100
    assert 2_000 < found["window"]["frame"] < 2_100
    assert found["wide"]["frame"] < 200
    assert found["quote"]["frame"] < 120
    assert [name for name, box in found.items() if box["wide"]] == ["wide"]
    assert found["picture"]["frame"] > 400
    assert visitor.watch.trouble == {}


def test_a_frame_follows_what_happens_in_it_and_around_it(visitor_of: Callable[[str], Visitor], mails: Mails) -> None:
    visitor = visitor_of("technician")
    dress(visitor.page, width=WIDE, theme="light")
    page = visitor.goto(f"/items/{mails['number']}")
    quote = frame_of(page, mails["quote"])
    folded = box_of(page, mails["quote"])

    quote.get_by_text("Show quoted text").click()
    unfolded = box_of(page, mails["quote"])
    dress(page, width=NARROW, theme="dark")
    narrow = box_of(page, mails["quote"])
    quote.get_by_text("Show quoted text").click()
    again = box_of(page, mails["quote"])

    assert unfolded["frame"] > folded["frame"] + 800
    assert again["frame"] <= folded["frame"] + 30
    assert [box["content"] - box["height"] for box in (unfolded, narrow, again)] == [0, 0, 0]


def test_what_is_taller_than_anybody_reads_is_shown_by_a_click(
    visitor_of: Callable[[str], Visitor], mails: Mails
) -> None:
    visitor = visitor_of("technician")
    dress(visitor.page, width=WIDE, theme="light")
    page = visitor.goto(f"/items/{mails['number']}")
    frame_of(page, mails["endless"])
    before = box_of(page, mails["endless"])

    page.locator(f"#sent-{mails['endless']}").get_by_role("button", name="Show all of it").click()

    after = box_of(page, mails["endless"])
    assert before["height"] < before["content"]
    assert after["content"] == after["height"] > 70_000
    expect(page.locator(f"#sent-{mails['endless']} [data-fit-all]")).to_be_hidden()


def test_the_text_stays_at_hand(visitor_of: Callable[[str], Visitor], mails: Mails) -> None:
    page = visitor_of("technician").goto(f"/items/{mails['number']}")
    message = page.locator(f"#m{mails['one line']}")

    message.get_by_text("As text").click()

    expect(message.get_by_text("Look here", exact=True)).to_be_visible()

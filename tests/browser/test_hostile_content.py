"""What strangers write is shown and does nothing (stored XSS; OWASP ASVS 5.0 1.2.1, 1.3.1 and 3.4.3).

Every payload stands in a subject, a text, an HTML mail, the name of a file, of a sender, of a client and a project,
in a note and a time entry; the pages on which they come together are opened in Chromium.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from playwright.sync_api import Frame, Page, Route

from helpdesk.clients import service as clients
from helpdesk.clients.service import ClientProfile
from helpdesk.desk import service as desk
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import ADMIN, SYSTEM, Actor
from helpdesk.intake.models import InboundEffect
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.timekeeping import service as timekeeping
from tests.browser.chromium import Visitor
from tests.browser.payloads import AWAY, PAYLOADS, Payload
from tests.browser.site import Site
from tests.conftest import NOW
from tests.mails import mail
from tests.slices.conftest import Inbox, connect

Carriers = dict[str, dict[str, int]]
TURNING = dict.fromkeys(map(ord, "\u202e\u2066"))  # marks that turn the direction are left out of subjects
TOGETHER = (
    "/desk",
    "/desk?view=unassigned",
    "/inbound",
    "/clients",
    "/projects",
    "/time",
    "/time/approvals",
    "/tickets/new",
    "/retainers/new",
    "/rates",
    "/close/2026-10",
)
# What would change the page around it, where it stands in it.
ABOUT_THE_PAGE = (
    "script",
    "script after a closed title",
    "body event",
    "link to a hidden script",
    "style that covers the page",
    "refresh",
    "base",
    "button for another form",
    "htmx",
    "attributes of our own script",
    "clobbering",
    "template injection",
    "signs that turn the text",
)

# Whatever could act in a document of a stranger's: elements, handlers and addresses that run.
ARMED = """() => [...document.querySelectorAll("*")].flatMap((element) => [
  ...(element.matches("script, iframe, object, embed, form, input, button, meta[http-equiv], link, svg, math")
    ? [element.outerHTML] : []),
  ...element.getAttributeNames()
    .filter((name) => name.startsWith("on") ||
      /^[\\x00-\\x20]*(javascript|data|vbscript):/i.test(element.getAttribute(name).replace(/[\\t\\n\\r]/g, "")))
    .map((name) => `${element.tagName} ${name}`),
])"""


def in_frames(page: Page) -> dict[str, object]:
    """Return where a payload left its mark; empty when it ran nowhere."""
    marks = {frame.url: frame.evaluate("() => globalThis.ran ?? null") for frame in page.frames}
    return {url: mark for url, mark in marks.items() if mark is not None}


@pytest.fixture(scope="module")
def hostile(site: Site) -> Iterator[Carriers]:
    """For each payload the ids of what carries it: item (its number), message, entry."""
    with site.app.app_context():
        mailbox_id, source_id = connect(address="open@halden-okoye.example")
        inbox = Inbox(mailbox_id, source_id, site.clock)
        inbox.fetch()
        carriers = {payload.name: _plant(site, inbox, payload) for payload in PAYLOADS}
        db.session.remove()
    yield carriers
    site.renew()


def _plant(site: Site, inbox: Inbox, payload: Payload) -> dict[str, int]:
    with unit_of_work() as session:
        slug = f"c{PAYLOADS.index(payload)}"
        profile = ClientProfile(name=f"{payload.markup} {slug}", address=payload.markup, legal_name=payload.markup)
        client = clients.add_client(session, actor=SYSTEM, now=NOW, profile=profile)
        projects.add_project(session, actor=SYSTEM, now=NOW, client_id=client.id, name=payload.markup)
        clients.add_domain(session, actor=SYSTEM, now=NOW, client_id=client.id, domain=f"{slug}.example")
    quoted = payload.markup.replace("\\", "\\\\").replace('"', '\\"')
    inbound = inbox.receive(
        mail(
            f"{payload.markup}\n\nOn Monday, you wrote:\n> {payload.markup}",
            sender=f'"{quoted}" <someone@{slug}.example>',
            subject=payload.markup,
            html=f"<p>Before</p>{payload.markup}<p>After</p>",
            files={f"{payload.markup}.png": b"no picture"},
        )
    )
    with unit_of_work() as session:
        effect = session.get_one(InboundEffect, inbound.id)
        item = session.get_one(WorkItem, effect.work_item_id)
        desk.add_note(session, actor=SYSTEM, now=NOW, number=item.number, text=payload.markup)
        entry = timekeeping.add_entry(
            session,
            actor=Actor(kind="person", name="Admin Person", role=ADMIN, person_id=int(site.ids["admin"])),
            now=NOW,
            item_id=item.id,
            day=date(2026, 11, 18),
            worked="0:05",
            note=payload.markup,
        )
        return {
            "item": item.number,
            "message": effect.message_id or 0,
            "entry": entry.id,
        }


@pytest.mark.parametrize("name", ABOUT_THE_PAGE)
def test_a_payload_is_shown_and_does_nothing(
    visitor_of: Callable[[str], Visitor], hostile: Carriers, name: str
) -> None:
    admin, ids = visitor_of("admin"), hostile[name]
    markup = next(one.markup for one in PAYLOADS if one.name == name)

    page = admin.goto(f"/items/{ids['item']}")
    title = page.locator("h1").text_content()
    with page.expect_response(lambda answer: answer.url.endswith(f"/messages/{ids['message']}/body")):
        if page.get_by_text("As it was sent").count():  # its text says the same
            page.get_by_text("As it was sent").click()
        page.locator("iframe.mailframe").scroll_into_view_if_needed()
    page.frame_locator("iframe.mailframe").get_by_text("Before").wait_for()
    frame = page.frames[-1]

    assert (title or "").split() == markup.translate(TURNING).split()
    assert in_frames(page) == {}
    assert frame.evaluate(ARMED) == []
    assert page.url.startswith(admin.watch.origin)
    for path in (f"/items/{ids['item']}/print?notes=y&time=y&quotes=y", f"/messages/{ids['message']}/original"):
        assert in_frames(admin.goto(path)) == {}
    assert admin.watch.trouble == {}


def test_a_mail_with_one_payload_does_nothing_either(visitor_of: Callable[[str], Visitor], hostile: Carriers) -> None:
    admin = visitor_of("admin")
    found = {}

    for name, ids in hostile.items():
        page = admin.goto(f"/messages/{ids['message']}/body")
        shown = page.get_by_text("Before").count()
        acts = (in_frames(page), page.evaluate(ARMED), admin.watch.trouble)
        if shown != 1 or any(acts) or not page.url.startswith(admin.watch.origin):
            found[name] = (shown, *acts)
            admin.watch.forget()

    assert len(hostile) == len(PAYLOADS)
    assert found == {}


@pytest.mark.parametrize("path", TOGETHER)
def test_pages_on_which_all_payloads_stand_together_stay_calm(
    visitor_of: Callable[[str], Visitor], hostile: Carriers, path: str
) -> None:
    admin = visitor_of("admin")

    page = admin.goto(path)

    assert in_frames(page) == {}
    assert admin.watch.trouble == {}
    assert admin.path == path


def test_an_entry_with_every_payload_in_its_note_is_edited_as_it_is(
    visitor_of: Callable[[str], Visitor], hostile: Carriers
) -> None:
    admin = visitor_of("admin")

    page = admin.goto(f"/time/entries/{hostile['script']['entry']}")

    assert page.get_by_label("Note").input_value() == next(one.markup for one in PAYLOADS if one.name == "script")
    assert admin.watch.trouble == {}


def test_the_same_payloads_work_where_nothing_stops_them(visitor_of: Callable[[str], Visitor]) -> None:
    """The control: if these did nothing anywhere, the tests above would prove nothing."""
    stranger, page = visitor_of("anonymous"), visitor_of("anonymous").page
    fires = [payload for payload in PAYLOADS if payload.fires]
    asked: set[str] = set()

    def naive(route: Route) -> None:
        markup = fires[int(route.request.url.rpartition("/")[2])].markup
        route.fulfill(content_type="text/html", body=f"<!doctype html><title>x</title><p>Before</p>{markup}")

    def away(route: Route) -> None:
        frame: Frame | None = route.request.frame
        while frame is not None:  # what a frame of its own asked for counts for the one around it
            asked.add(frame.url)
            frame = frame.parent_frame
        route.abort()

    page.unroute_all()
    page.route(f"{AWAY}/**", away)
    page.route(re.compile(r"/naive/\d+$"), naive)
    frames = "".join(f"<iframe src='/naive/{number}'></iframe>" for number in range(len(fires)))
    page.route("**/naive", lambda route: route.fulfill(content_type="text/html", body=frames))
    stranger.goto("/naive")
    worked = asked | set(in_frames(page))
    idle = [number for number in range(len(fires)) if f"{stranger.watch.origin}/naive/{number}" not in worked]

    assert len(idle) < len(fires) / 4
    for number in idle:  # some need the whole window, or a moment
        stranger.watch.forget()
        if fires[number].asks:
            with page.expect_request(lambda request: request.url.startswith(AWAY)):
                stranger.goto(f"/naive/{number}")
        else:
            stranger.goto(f"/naive/{number}")
            page.wait_for_function("() => 'ran' in globalThis")
        assert stranger.watch.trouble != {}, fires[number].name

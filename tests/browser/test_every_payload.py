"""Five hundred generated payloads through the real pipeline: no dialog opens, and no request leaves.

Stored XSS; OWASP ASVS 5.0 1.2.1, 1.3.1 and 3.4.3. They stand in the HTML and the text of mails, in subjects, in names
of people, clients, projects and files, in notes, answers, canned replies, tags, saved views and files one looks at.
"""

import base64
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.header import Header
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Route
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.automation.service import macros
from helpdesk.automation.service.macros import MacroActs, MacroSettings
from helpdesk.clients import service as clients
from helpdesk.clients.models import Contact
from helpdesk.clients.service import ClientProfile
from helpdesk.desk import saved_views, service
from helpdesk.desk.narrowing import Asked, Narrowing
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import ADMIN, SYSTEM, Actor
from helpdesk.infra.rich_text import written
from helpdesk.intake.models import InboundEffect
from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import ItemTag, Project, WorkItem
from helpdesk.projects.service import TAG_LENGTH
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Attachment, CannedReply, Message
from helpdesk.tickets.service import CannedText
from tests.browser.chromium import Visitor
from tests.browser.generated_payloads import AWAY, payloads
from tests.browser.payloads import PAYLOADS
from tests.browser.site import Site
from tests.browser.test_hostile_content import ARMED, in_frames
from tests.conftest import NOW
from tests.slices.conftest import Inbox, connect

ALL = [*payloads(), *(one.markup for one in PAYLOADS)]
A_MAIL = 182
"""So many payloads come with one mail, each as an HTML part, a line of text and a file of its own."""


def parts(texts: list[str], size: int) -> list[list[str]]:
    return [texts[at : at + size] for at in range(0, len(texts), size)]


def letter(
    name: str, *, subject: str, text: str, parts: Iterable[str] = (), files: Mapping[str, bytes] = MappingProxyType({})
) -> bytes:
    """Return a mail with a text, each of ``parts`` as an HTML part of its own, and files; all of it as it stands."""
    word = "<img/src=x/onerror=top.ran=1>"
    called = Header(" ".join([*parts][:9]) or name, "utf-8").encode(linesep="\r\n")
    head = (
        f"From: {called} <{name}@payloads.example>\r\nTo: open@halden-okoye.example\r\n"
        f"Message-ID: <{name}{word[1:-1]}@payloads.example>\r\nReferences: <{name}-{word[1:-1]}@payloads.example>\r\n"
        f"X-Odd: {word}\r\nX-{word}: x\r\nReceived: from {word} by b.example; Wed, 18 Nov 2026 09:59:00 +0000\r\n"
        "Date: Wed, 18 Nov 2026 09:59:00 +0000\r\nMIME-Version: 1.0\r\n"
        f"Subject: {Header(' '.join(subject.split()), 'utf-8').encode(linesep=chr(13) + chr(10))}\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n"
    )
    html = (("text/html; charset=utf-8", "inline", f"<p>Part</p>{part}<p>After</p>".encode()) for part in parts)
    kept = (
        ("application/octet-stream", f"attachment; filename*=utf-8''{quote(file)}", content)
        for file, content in files.items()
    )
    every = [("text/plain; charset=utf-8", "inline", text.encode()), *html, *kept]
    return (
        head.encode()
        + b"".join(
            f"\r\n--b\r\nContent-Type: {kind}\r\nContent-Disposition: {how}\r\n"
            f"Content-Transfer-Encoding: base64\r\n\r\n".encode()
            + base64.encodebytes(content)
            for kind, how, content in every
        )
        + b"\r\n--b--\r\n"
    )


@dataclass
class Planted:
    """Where it all stands: ids of items by number, messages, files and clients, and the HTML of mails of ours."""

    items: list[int] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    letters: list[str] = field(default_factory=list)
    client: int = 0
    line: int = 0
    stored: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def planted(site: Site) -> Iterator[Planted]:
    found = Planted()
    with site.app.app_context():
        mailbox_id, source_id = connect(address="open@halden-okoye.example")
        inbox = Inbox(mailbox_id, source_id, site.clock)
        inbox.fetch()
        _name_everything(site, found)
        for some in parts(ALL, A_MAIL):
            _write(site, inbox, some, found)
        _look_at_files(inbox, found)
        found.stored = _stored()
        db.session.remove()
    yield found
    site.renew()


def _name_everything(site: Site, found: Planted) -> None:
    """Give clients, projects, contacts, canned replies and saved views their names."""
    admin = Actor(kind="person", name="Admin Person", role=ADMIN, person_id=int(site.ids["admin"]))
    with unit_of_work() as session:
        client = clients.add_client(session, actor=SYSTEM, now=NOW, profile=ClientProfile(name="Payloads"))
        clients.add_domain(session, actor=SYSTEM, now=NOW, client_id=client.id, domain="payloads.example")
        found.client = client.id
        mine: dict[str, Any] = {"session": session, "actor": admin, "now": NOW}
        for number, text in enumerate(ALL):
            if number % 2 == 0:
                known: dict[str, Any] = {"name": " ".join(ALL[number : number + 2]), "client_id": client.id}
                _try(clients.add_contact, **mine, **known, email=f"p{number}@payloads.example")
            if number % 3 == 0:
                _try(projects.add_project, **mine, client_id=client.id, name=" ".join(ALL[number : number + 3])[:300])
            if number % 8 == 0:
                body = CannedText(
                    text[:60], "\n".join(one for one in ALL[number : number + 8] if "{{" not in one), True
                )
                _try(tickets.save_canned, **mine, canned_id=None, written=body)
                acts = MacroActs(answer=body.body, note=body.body, add_tags=(text[:40],))
                _try(macros.add_macro, **mine, settings=MacroSettings(name=text[:60], acts=acts, shared=True))
            if number % 20 == 0:
                asked = Asked("all", None, Narrowing(words=text[:60]))
                _try(saved_views.save, **mine, name=text[:40], asked=asked, is_shared=True)
                profile = ClientProfile(name=f"{text} {number}", legal_name=text, address=text)
                _try(clients.add_client, **mine, profile=profile)


def _try(act: Callable[..., object], *, session: Session, **given: Any) -> None:
    """Do what may be refused for being too long, or for a sign that has no place there."""
    with suppress(RuleViolation), session.begin_nested():
        act(session, **given)


def _write(site: Site, inbox: Inbox, some: list[str], found: Planted) -> None:
    """Have a mail with some of them come, write a note and an answer on its ticket, and tag it."""
    raw = letter(
        f"some-{len(found.items)}",
        subject=" ".join(some),
        text="\n".join(some),
        parts=some,
        files=dict.fromkeys(some, b"x"),
    )
    line = inbox.receive(raw)
    found.line = line.id
    admin = Actor(kind="person", name="Admin Person", role=ADMIN, person_id=int(site.ids["admin"]))
    with unit_of_work() as session:
        effect = session.get_one(InboundEffect, line.id)
        item = session.get_one(WorkItem, effect.work_item_id)
        found.items.append(item.number)
        found.messages.append(effect.message_id or 0)
        rich = "".join(written("", f"<p>{text}</p>").html for text in some)
        given: dict[str, Any] = {"session": session, "now": NOW, "number": item.number, "text": "\n".join(some)}
        service.add_note(**given, actor=admin)
        service.add_note(**given, actor=admin, html=rich)
        service.reply(**given, actor=admin, html=rich, to_new_outside=True)
        for text in [one for one in some if len(one) <= TAG_LENGTH]:
            _try(projects.tag_item, session=session, actor=admin, now=NOW, item_id=item.id, tag=text, on=True)
        mails = select(OutgoingMessage.html).where(OutgoingMessage.about_id == item.id)
        found.letters += [html for html in session.scalars(mails) if html]


def _look_at_files(inbox: Inbox, found: Planted) -> None:
    """Have files come that are looked at: texts, a mail and a calendar of them all."""
    inner = letter("inner", subject=" ".join(ALL[::5]), text="\n".join(ALL), parts=ALL[::3])
    lines = [" ".join(text.split()) for text in ALL]
    events = "".join(
        f"BEGIN:VEVENT\r\nSUMMARY:{''.join(some)}\r\nLOCATION:{some[0]}\r\nDTSTART:20261203T100000Z\r\n"
        f"ORGANIZER;CN={some[1].replace(chr(34), '').replace(':', '').replace(';', '')}:mailto:x@payloads.example\r\n"
        "END:VEVENT\r\n"
        for some in parts(lines, 30)
    )
    contents = {
        "all.txt": "\n".join(ALL).encode(),
        "all.html": "\n".join(ALL).encode(),
        "all.svg": b"<svg xmlns='http://www.w3.org/2000/svg'>" + "\n".join(ALL).encode(),
        "all.eml": inner,
        "all.ics": f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n".encode(),
        "all.png": b"\x89PNG\r\n\x1a\n" + "\n".join(ALL).encode(),
    }
    inbox.receive(letter("files", subject="Files", text="Files", files=contents))
    with unit_of_work() as session:
        rows = session.execute(select(Attachment.name, Attachment.id).where(Attachment.name.in_(contents)))
        found.files = {row.name: row.id for row in rows}


def _stored() -> dict[str, int]:
    """Return in how many places of each kind a payload stands."""
    with unit_of_work() as session:
        columns = {
            "subjects": Message.subject,
            "texts": Message.text,
            "people": Contact.name,
            "projects": Project.name,
            "canned": CannedReply.body,
            "tags": ItemTag.tag,
        }
        kept = {
            name: "\n".join(" ".join(one.split()) for one in session.scalars(select(column)) if one)
            for name, column in columns.items()
        }
        names = set(session.scalars(select(Attachment.name).where(Attachment.name.endswith(".bin"))))
    counted = {name: sum(_core(text) in all_of_it.lower() for text in ALL) for name, all_of_it in kept.items()}
    return {**counted, "files": len(names)}


def _core(text: str) -> str:
    """Return by what a payload is known again: its first signs, as they are kept everywhere."""
    return " ".join(text.split()).lower()[:24]


def test_there_are_four_hundred_and_they_stand_where_strangers_write(planted: Planted) -> None:
    assert len(set(ALL)) >= 400
    assert {
        name: count for name, count in planted.stored.items() if count < 400 and name not in ("files", "tags")
    } == {}
    assert planted.stored["tags"] >= 60


def test_no_payload_runs_or_asks_on_any_page(visitor_of: Callable[[str], Visitor], planted: Planted) -> None:
    admin = visitor_of("admin")
    pages = [
        *(
            "/desk",
            "/desk?view=unassigned",
            "/search?q=script",
            "/search/results?q=img",
            "/canned-replies",
            "/macros",
            "/desk/views",
            "/notifications",
            "/settings/teams",
        ),
        *(
            "/inbound",
            "/clients",
            f"/clients/{planted.client}",
            "/projects",
            f"/desk?view=client&client={planted.client}",
        ),
        *(f"/items/{number}" for number in planted.items),
        *(f"/items/{number}/print?notes=y&quotes=y" for number in planted.items[:1]),
        *(f"/messages/{message_id}/body" for message_id in planted.messages),
        f"/messages/{planted.messages[0]}/original",
        f"/inbound/{planted.line}",
        *(f"/files/{file_id}" for file_id in planted.files.values()),
        f"/files/{planted.files['all.eml']}/mail",
        f"/items/{planted.items[0]}/forward",
        f"/items/{planted.items[0]}/merge",
    ]
    found = {}

    for path in pages:
        page = admin.goto(path)
        ran = in_frames(page)
        armed = page.evaluate(ARMED) if path.endswith(("/body", "/mail")) else []
        if ran or armed or admin.watch.left or admin.watch.dialogs:
            found[path] = (ran, armed[:3], admin.watch.left[:3], admin.watch.dialogs[:3])
            admin.watch.forget()

    assert found == {}
    page = admin.goto("/desk")
    page.keyboard.press("Control+k")
    for words in ("img", "svg", "script"):
        with page.expect_response("**/search/results*"):
            page.locator("#palette [role=combobox]").fill(words)
    assert (in_frames(page), admin.watch.left, admin.watch.dialogs) == ({}, [], [])


def test_no_payload_runs_or_asks_in_mails_of_ours_and_none_begins_a_formula_in_a_table(
    visitor_of: Callable[[str], Visitor], planted: Planted
) -> None:
    admin = visitor_of("admin")
    letters = iter(planted.letters)
    admin.page.route("**/letter", lambda route: route.fulfill(content_type="text/html", body=next(letters)))
    found = {}

    for at in range(len(planted.letters)):
        page = admin.goto("/letter")
        acts = (in_frames(page), page.evaluate(ARMED), list(admin.watch.left), list(admin.watch.dialogs))
        if any(acts):
            found[at] = acts
    table = admin.context.request.get(f"{admin.watch.origin}/clients?export=csv").text()

    assert len(planted.letters) == len(planted.items)
    assert found == {}
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t")] == []
    assert len(cells) > 30


def test_the_same_payloads_run_and_ask_where_nothing_stops_them(visitor_of: Callable[[str], Visitor]) -> None:
    """The control: what is counted above is counted where it happens."""
    stranger = visitor_of("anonymous")
    some = ALL[::12]
    frames = "".join(f"<iframe src='/naive/{number}'></iframe>" for number in range(len(some)))

    def naive(route: Route) -> None:
        route.fulfill(content_type="text/html", body=some[int(route.request.url.rpartition("/")[2])])

    stranger.page.unroute_all()
    stranger.page.route(f"{AWAY}/**", lambda route: route.abort())
    stranger.page.route(re.compile(r"/naive/\d+$"), naive)
    stranger.page.route("**/control", lambda route: route.fulfill(content_type="text/html", body=frames))

    page = stranger.goto("/control")
    page.wait_for_load_state()

    assert len(stranger.watch.dialogs) >= 5
    assert len({url for url in stranger.watch.left if url.startswith(AWAY)}) >= 2
    assert in_frames(page) != {}

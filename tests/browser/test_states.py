"""Pages between the pages: what opens over them, what is refused, what is missing, and the first run."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from helpdesk.infra.db import unit_of_work
from helpdesk.projects import first_run
from tests.browser.axe import colour_faults, faults, faults_of_what_appeared
from tests.browser.chromium import NARROW, WIDE, Visitor, dress, too_wide
from tests.browser.site import Site

# Where things open over a page: who, where, at which width, and the controls' selectors, used one after the other.
OPENED = (
    ("admin", "/desk", WIDE, ["[popovertarget=keys]", "[popovertarget=account]", "[popovertarget=start-timer]"]),
    ("admin", "/desk", NARROW, ["[popovertarget=more]"]),
    ("bookkeeper", "/clients", NARROW, ["[popovertarget=more]"]),
    ("admin", "/items/{story_ticket}", WIDE, ["[popovertarget=status-menu]", "[popovertarget=spam-menu]"]),
    (
        "admin",
        "/items/{story_ticket}",
        NARROW,
        [
            ".here > summary",
            ".quote > summary >> nth=0",
            "[popovertarget=assign-menu]",
            "[popovertarget=spam-menu]",
            "label:has(#kind-note)",
        ],
    ),
    ("admin", "/items/{pictures_ticket}", NARROW, [".pictures details > summary >> nth=0"]),
    ("admin", "/settings/mail-rules", NARROW, ["[popovertarget^=delete-rule] >> nth=0"]),
    ("admin", "/inbound?outcome=held", WIDE, ["[popovertarget^=ignore-flood] >> nth=0"]),
    ("admin", "/invoices/{draft_invoice}", WIDE, ["[popovertarget=void]"]),
    (
        "admin",
        "/invoices/{draft_invoice}",
        NARROW,
        ["details > summary >> nth=0", "[popovertarget=void]", "[popovertarget=issue]"],
    ),
    ("admin", "/time/approvals", NARROW, ["[popovertarget^=reject] >> nth=0"]),
    ("admin", "/inbound", NARROW, ["details > summary >> nth=0"]),
    ("admin", "/settings/jobs", NARROW, ["details > summary >> nth=0"]),
    ("bookkeeper", "/close/2026-10", NARROW, ["details > summary >> nth=0"]),
)

# What a control has opened: what lies over the page, or what unfolded around it.
MARK = """(control) => {
  for (const box of document.querySelectorAll("[data-opened]")) delete box.dataset.opened;
  (document.querySelector(":popover-open") ?? control.closest("details, form, section, main")).dataset.opened = "";
}"""

# Forms that are refused: who, where, and the control that sends them as they stand.
REFUSED = (
    ("anonymous", "/sign-in", "Sign in"),
    ("admin", "/clients/new", "Add client"),
    ("admin", "/tickets/new", "Open ticket"),
    ("admin", "/retainers/new", "Agree"),
    ("admin", "/settings/people", "Add person"),
    ("admin", "/settings/mailboxes/new", "Connect"),
    ("admin", "/rates", "Add rate"),
    ("admin", "/projects/{kuehn_project}", "Add task"),
    ("technician", "/time", "Add entry"),
    ("technician", "/account/password", "Change it"),
    ("technician", "/items/{acme_ticket}", "Send"),
)


def found_on(page: Page) -> dict[str, list[str]]:
    """Return what axe finds, and what sticks out, on the page as it stands: wide and light, narrow and dark."""
    dress(page, width=WIDE, theme="light")
    found = {"wide": faults(page, menus=False) + too_wide(page)}
    dress(page, width=NARROW, theme="dark")
    found |= {"narrow": faults_of_what_appeared(page, menus=False) + too_wide(page)}
    return {where: what for where, what in found.items() if what}


@pytest.mark.parametrize(("actor", "path", "width", "controls"), OPENED)
def test_what_opens_over_a_page_is_accessible_too(
    visitor_of: Callable[[str], Visitor], site: Site, actor: str, path: str, width: int, controls: list[str]
) -> None:
    """The page beneath it has its colours looked at where it is looked at by itself."""
    visitor, found = visitor_of(actor), {}
    page = visitor.goto(path.format(**site.ids))
    dress(page, width=width, theme="light")

    for control in controls:
        page.locator(control).click()
        page.locator(control).evaluate(MARK)
        found[control] = faults(page, within="[data-opened]") + too_wide(page)
        dress(page, width=width, theme="dark")
        found[control] += colour_faults(page)
        dress(page, width=width, theme="light")
        page.keyboard.press("Escape")

    assert {control: what for control, what in found.items() if what} == {}
    assert visitor.watch.trouble == {}


@pytest.mark.parametrize(("actor", "path", "button"), REFUSED)
def test_a_refused_form_says_what_is_missing_and_is_accessible(
    visit: Callable[..., Visitor], fresh: Site, actor: str, path: str, button: str
) -> None:
    visitor = visit(actor)
    page = visitor.goto(path.format(**fresh.ids))

    page.evaluate("() => { for (const form of document.forms) form.noValidate = true; }")
    ours = re.compile(r"/(presence|noticed)$")  # what a page says by itself
    with page.expect_response(
        lambda answer: answer.request.method == "POST" and not ours.search(answer.url)
    ) as answered:
        page.get_by_role("button", name=button, exact=True).last.click()
    page.locator("[role=alert], [aria-invalid]").first.wait_for()

    assert answered.value.status == 422
    assert found_on(page) == {}


@pytest.mark.parametrize(
    ("actor", "path", "status"),
    [("technician", "/items/999999", 404), ("technician", "/invoices", 403), ("anonymous", "/nowhere", 404)],
)
def test_pages_of_errors_are_accessible_and_lead_back(
    visit: Callable[..., Visitor], site: Site, actor: str, path: str, status: int
) -> None:
    page = visit(actor).page
    answer = page.goto(f"{site.origin}{path}")

    assert answer is not None
    assert answer.status == status
    assert page.get_by_role("link").count() >= 1
    assert found_on(page) == {}


def test_the_first_page_of_all_sets_up_the_house(visit: Callable[..., Visitor], fresh: Site) -> None:
    fresh.renew(empty=True)
    with fresh.app.app_context(), unit_of_work() as session:
        token = first_run.make_first_run_token(session, now=fresh.clock())
    visitor = visit("anonymous")
    page = visitor.goto(f"/setup?token={token}")

    found = found_on(page)
    page.get_by_label("Company").fill("Halden & Okoye")
    page.get_by_label("Your name").fill("Jonas Halden")
    page.get_by_label("E-mail").fill("jonas@halden-okoye.example")
    page.get_by_label("Password").fill("a sentence that is long")
    page.get_by_role("button").last.click()
    page.wait_for_url(f"{fresh.origin}/**")

    assert found == {}
    assert visitor.path not in {"/setup", "/sign-in"}
    assert visitor.watch.trouble == {}

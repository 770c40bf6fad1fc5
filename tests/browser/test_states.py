"""Pages between the pages: what opens over them, what is refused, what is missing, and the first run."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from helpdesk.infra.db import unit_of_work
from helpdesk.projects import first_run
from tests.browser.chromium import NARROW, THEMES, WIDE, WIDTHS, Visitor, dress, faults, too_wide
from tests.browser.site import Site

# Where something opens over a page: who, where, the control's selector, and at which width it is there.
OPENED = (
    ("admin", "/desk", "[popovertarget=keys]", WIDE),
    ("admin", "/desk", "[popovertarget=account]", WIDE),
    ("admin", "/desk", "[popovertarget=start-timer]", WIDE),
    ("admin", "/desk", "[popovertarget=more]", NARROW),
    ("bookkeeper", "/clients", "[popovertarget=more]", NARROW),
    ("admin", "/items/{story_ticket}", "[popovertarget=status-menu]", WIDE),
    ("admin", "/items/{story_ticket}", "[popovertarget=assign-menu]", NARROW),
    ("admin", "/items/{story_ticket}", "[popovertarget=spam-menu]", WIDE),
    ("admin", "/items/{story_ticket}", "[popovertarget=spam-menu]", NARROW),
    ("admin", "/settings/mail-rules", "[popovertarget^=delete-rule] >> nth=0", NARROW),
    ("admin", "/inbound?outcome=held", "[popovertarget^=ignore-flood] >> nth=0", WIDE),
    ("admin", "/items/{story_ticket}", "label:has(#kind-note)", NARROW),
    ("admin", "/items/{story_ticket}", ".here > summary", NARROW),
    ("admin", "/items/{story_ticket}", ".quote > summary >> nth=0", NARROW),
    ("admin", "/items/{pictures_ticket}", ".pictures details > summary >> nth=0", NARROW),
    ("admin", "/invoices/{draft_invoice}", "[popovertarget=void]", NARROW),
    ("admin", "/invoices/{draft_invoice}", "[popovertarget=void]", WIDE),
    ("admin", "/invoices/{draft_invoice}", "[popovertarget=issue]", NARROW),
    ("admin", "/invoices/{draft_invoice}", "details > summary >> nth=0", NARROW),
    ("admin", "/time/approvals", "[popovertarget^=reject] >> nth=0", NARROW),
    ("admin", "/inbound", "details > summary >> nth=0", NARROW),
    ("admin", "/settings/jobs", "details > summary >> nth=0", NARROW),
    ("bookkeeper", "/close/2026-10", "details > summary >> nth=0", NARROW),
)

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
    found = {}
    for width, theme in zip(WIDTHS, THEMES, strict=True):
        dress(page, width=width, theme=theme)
        found[f"{width} {theme}"] = faults(page, menus=False) + too_wide(page)
    return {where: what for where, what in found.items() if what}


@pytest.mark.parametrize(("actor", "path", "control", "width"), OPENED)
def test_what_opens_over_a_page_is_accessible_too(
    visit: Callable[..., Visitor], site: Site, actor: str, path: str, control: str, width: int
) -> None:
    visitor = visit(actor, viewport={"width": width, "height": 900})
    page = visitor.goto(path.format(**site.ids))

    page.locator(control).click()

    dress(page, width=width, theme="light")
    light = faults(page) + too_wide(page)
    dress(page, width=width, theme="dark")
    assert (light, faults(page, "colours")) == ([], [])
    assert visitor.watch.trouble == {}


@pytest.mark.parametrize(("actor", "path", "button"), REFUSED)
def test_a_refused_form_says_what_is_missing_and_is_accessible(
    visit: Callable[..., Visitor], fresh: Site, actor: str, path: str, button: str
) -> None:
    visitor = visit(actor)
    page = visitor.goto(path.format(**fresh.ids))

    page.evaluate("() => { for (const form of document.forms) form.noValidate = true; }")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
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

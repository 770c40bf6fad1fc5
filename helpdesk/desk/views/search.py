"""Routes of the search: a page that works without a script, and its results alone for the palette."""

from flask import render_template, request
from sqlalchemy.orm import Session

from helpdesk.desk import shell
from helpdesk.desk.conversations_found import Searcher
from helpdesk.desk.palette import completions
from helpdesk.desk.places import Place, places
from helpdesk.desk.search_page import palette_groups, search_values
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_session
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, STAFF, Actor, current_actor, policy
from helpdesk.infra.web import fragment, zone
from helpdesk.kernel.errors import NotFound

LONGEST = 400
LONGEST_KEY = 10
IN_PALETTE = 5


@bp.get("/search")
@policy(STAFF)
def search() -> str:
    """Show what is found, with what can be done, as a page."""
    session, searcher = read_session(), _searcher()
    known = _places(session, searcher.actor)
    values = search_values(session, searcher=searcher, places=known, typed=_typed(), before=_key())
    return render_template("desk/search.html", **values)


@bp.get("/search/results")
@policy(STAFF)
def search_results() -> str:
    """Return what is found as the lines of the palette."""
    session, searcher, typed = read_session(), _searcher(), _typed()
    known = _places(session, searcher.actor)
    on = request.args.get("macros", "")
    found = palette_groups(session, searcher=searcher, places=known, typed=typed, rows=IN_PALETTE, on=on)
    return fragment("desk/_found.html", groups=found, typed=typed)


@bp.get("/search/complete")
@policy(DESK)
def complete_search() -> str:
    """Return what the value behind an operator may become, as lines below a box of the search."""
    groups = completions(read_session(), actor=current_actor(), typed=_typed())
    return fragment("desk/_found.html", groups=groups, typed="")


def _searcher() -> Searcher:
    return Searcher(current_actor(), clock.now(), zone())


def _typed() -> str:
    return request.args.get("q", "")[:LONGEST].replace("\0", " ")


def _key() -> int | None:
    """Return the key of the page before.

    Raises:
        NotFound: no page has such a key.
    """
    key = request.args.get("before", "")
    if key and not (key.isascii() and key.isdigit() and len(key) < LONGEST_KEY):
        raise NotFound(_("There is no such page."))
    return int(key) if key else None


def _places(session: Session, actor: Actor) -> list[Place]:
    known = places(close_month=shell.close_month(session, clock.now()))
    mine = shell.sections(session, actor)
    return [place for key, place in known.items() if key in mine]

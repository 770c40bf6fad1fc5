"""Routes of the search: a page that works without a script, and its results alone for the palette."""

from flask import render_template, request
from sqlalchemy.orm import Session

from helpdesk.desk import shell
from helpdesk.desk.palette import Group, groups
from helpdesk.desk.places import Place, places
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_session
from helpdesk.infra.policy import STAFF, Actor, current_actor, policy
from helpdesk.infra.web import fragment

LONGEST = 200


@bp.get("/search")
@policy(STAFF)
def search() -> str:
    """Show what is found, with what can be done, as a page."""
    return render_template("desk/search.html", typed=_typed(), groups=_found())


@bp.get("/search/results")
@policy(STAFF)
def search_results() -> str:
    """Return what is found as the lines of the palette."""
    return fragment("desk/_found.html", groups=_found(), typed=_typed())


def _typed() -> str:
    return request.args.get("q", "")[:LONGEST].replace("\0", "")


def _found() -> list[Group]:
    session, actor = read_session(), current_actor()
    return groups(session, actor=actor, places=_places(session, actor), typed=_typed())


def _places(session: Session, actor: Actor) -> list[Place]:
    known = places(close_month=shell.close_month(session, clock.now()))
    mine = shell.sections(session, actor)
    return [place for key, place in known.items() if key in mine]

"""The page of a ticket or task that is open, kept up to date: what of it has changed (docs/desk.md rules 116-119)."""

from flask import render_template, request

from helpdesk.desk import item_page
from helpdesk.desk.conversation_page import Window
from helpdesk.desk.views.blueprint import bp
from helpdesk.desk.views.pages import item_context
from helpdesk.infra import clock, parts
from helpdesk.infra.db import read_session
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import fragment, zone

AT_ONCE = 24_000
"""Bytes of an answer: what does not fit comes with the next one, for which the page asks at once."""


@bp.get("/items/<int:number>/fresh")
@policy(DESK)
def fresh_parts(number: int) -> str:
    """Answer with the parts that an open page shows in another state: ``have`` is the marks of all that it shows.

    ``first`` and ``last`` say which part of a long conversation that is; without ``last`` it goes on to the newest.
    """
    first, last = (request.args.get(name, type=int) for name in ("first", "last"))
    values = item_page.values(
        read_session(),
        actor=current_actor(),
        number=number,
        now=clock.now(),
        zone=zone(),
        open_at=Window(first, last) if first is not None else None,
        is_open=True,
    )
    context = item_context(values)
    render_template("desk/_item.html", **context)
    drawn = parts.drawn()
    changed, is_all = parts.within(parts.unknown(drawn, request.args.get("have", "")), AT_ONCE)
    return fragment(
        "desk/fresh.html",
        changed=changed,
        order=[one.key for one in drawn if one.kind == "piece"],
        is_all=is_all,
        can_act=context["can_act"],
    )

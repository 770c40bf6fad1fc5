"""A ticket or a task on paper (docs/desk.md rules 93 to 95)."""

from flask import render_template, request

from helpdesk.desk import print_page
from helpdesk.desk.print_page import Choices
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_session
from helpdesk.infra.policy import DESK, current_actor, policy


@bp.get("/items/<int:number>/print")
@policy(DESK)
def print_item(number: int) -> str:
    """Show the conversation as it goes on paper, with the choices for that above it."""
    choices = Choices(**{name: request.args.get(name) == "y" for name in ("notes", "time", "quotes")})
    values = print_page.printed(read_session(), actor=current_actor(), number=number, now=clock.now(), choices=choices)
    return render_template("desk/print.html", page=values, choices=choices, now=clock.now())

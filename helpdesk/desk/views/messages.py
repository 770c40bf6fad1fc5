"""Single messages and parts of long conversations (docs/desk.md rules 68 and 69)."""

from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from helpdesk.desk import conversation_page
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_session
from helpdesk.infra.policy import APPROVERS, DESK, current_actor, policy
from helpdesk.infra.web import fragment, is_htmx
from helpdesk.tickets import queries as tickets


@bp.get("/messages/<int:message_id>")
@policy(DESK)
def message(message_id: int) -> ResponseReturnValue:
    """Lead to a message on the ticket where it is now: it may have gone there by a merge or a split."""
    found = tickets.get_message(read_session(), actor=current_actor(), message_id=message_id)
    return redirect(url_for("desk.item", number=found.work_item.number, at=found.id, _anchor=f"m{found.id}"))


@bp.get("/items/<int:number>/conversation")
@policy(DESK)
def conversation_part(number: int) -> ResponseReturnValue:
    """Answer with what of a long conversation comes before or after a message; without a script with its page."""
    before, after = (request.args.get(name, type=int) for name in ("before", "after"))
    item, conversation, is_merged = conversation_page.part(
        read_session(), actor=current_actor(), number=number, now=clock.now(), before=before, after=after
    )
    if not is_htmx():
        return redirect(url_for("desk.item", number=number, at=before or after))
    return fragment(
        "desk/_conversation.html",
        item=item,
        conversation=conversation,
        can_act=not is_merged,
        reads_mail=current_actor().is_one_of(APPROVERS),
        part="after" if before is None else "before",
    )

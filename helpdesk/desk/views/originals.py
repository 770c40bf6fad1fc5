"""Mail of a conversation as it came or as it left (docs/desk.md rules 96 to 98)."""

from flask import Response, render_template

from helpdesk.desk import original_page
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import blobs
from helpdesk.infra.db import read_session
from helpdesk.infra.downloads import name_file
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.tickets.render import FILE_POLICY


@bp.get("/messages/<int:message_id>/original")
@policy(DESK)
def original(message_id: int) -> str:
    """Show the headers of a mail."""
    values = original_page.original(read_session(), blobs.store(), actor=current_actor(), message_id=message_id)
    return render_template("desk/original.html", page=values)


@bp.get("/messages/<int:message_id>/original.eml")
@policy(DESK)
def original_mail(message_id: int) -> Response:
    """Answer with the mail itself, to be saved and never shown."""
    name, content = original_page.mail(read_session(), blobs.store(), actor=current_actor(), message_id=message_id)
    response = Response(content, mimetype="message/rfc822")
    name_file(response.headers, name)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response

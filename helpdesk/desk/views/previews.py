"""Files of a conversation looked at without being saved (docs/desk.md rules 63 to 67); each part at its own address."""

import base64

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from helpdesk.desk import preview_page
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import blobs
from helpdesk.infra.db import read_session
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import fragment, is_htmx
from helpdesk.tickets.domain import PICTURES
from helpdesk.tickets.render import mail_page, redraw

LONGEST_ID = 10
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
MAIL_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"


@bp.get("/files/<int:attachment_id>")
@policy(DESK)
def preview(attachment_id: int) -> ResponseReturnValue:
    """Show a file on a page of its own; a script gets the part that stands beside the ticket."""
    values = preview_page.values(read_session(), blobs.store(), actor=current_actor(), attachment_id=attachment_id)
    if is_htmx():
        return fragment("desk/_preview.html", page=values)
    return render_template("desk/preview.html", page=values)


@bp.get("/files/<int:attachment_id>/pdf")
@policy(DESK)
def preview_pdf(attachment_id: int) -> Response:
    """Answer with a PDF for the viewer of the browser, which runs nothing of it in our place."""
    content = preview_page.pdf(read_session(), blobs.store(), actor=current_actor(), attachment_id=attachment_id)
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = PDF_POLICY
    return response


@bp.get("/files/<int:attachment_id>/mail", defaults={"within": ""})
@bp.get("/files/<int:attachment_id>/mail/<within>")
@policy(DESK)
def preview_mail(attachment_id: int, within: str) -> Response:
    """Answer with a mail that is a file, for a sandboxed frame; ``within`` leads to one inside it, as ``0.2``."""
    positions = [int(one) for one in within.split(".") if one.isdecimal() and one.isascii() and len(one) < LONGEST_ID][
        :9
    ]
    mail = preview_page.mail_body(
        read_session(), blobs.store(), actor=current_actor(), attachment_id=attachment_id, within=positions
    )
    page = mail_page(
        title=mail["title"] or "Mail",
        language="",
        text=mail["text"],
        body_html=mail["html"],
        pictures={name: _drawn(*picture) for name, picture in mail["pictures"].items()},
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


def _drawn(content_type: str, encoded: str) -> str:
    """Return a picture drawn anew as an address that holds it; empty for what is none."""
    drawn = redraw(base64.b64decode(encoded)) if content_type in PICTURES else None
    return f"data:{drawn[1]};base64,{base64.b64encode(drawn[0]).decode('ascii')}" if drawn else ""

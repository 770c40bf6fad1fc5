"""Routes of the tickets slice: files of a conversation, and mail as it was sent, each under a policy of its own."""

from http import HTTPStatus

from flask import Blueprint, Response, request, url_for

from helpdesk.infra import blobs
from helpdesk.infra.db import read_session
from helpdesk.infra.downloads import name_file
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import NotFound
from helpdesk.tickets import queries
from helpdesk.tickets.domain import PICTURES, picture_type
from helpdesk.tickets.render import BODY_POLICY, FILE_POLICY, mail_page, no_picture, redraw

EDGES = {"small": 320, "large": 2400}

bp = Blueprint("tickets", __name__)


@bp.get("/attachments/<int:attachment_id>/<name>")
@policy(DESK)
def attachment(attachment_id: int, name: str) -> Response:  # noqa: ARG001 - the name is for people's browsers alone
    """Answer with a file to be saved; with ``?inline=1`` with a picture drawn anew, for the mail that shows it."""
    file = queries.get_attachment(read_session(), actor=current_actor(), attachment_id=attachment_id)
    content = blobs.store().get(file.blob_sha256)
    if request.args.get("inline") == "1":
        return _picture(content, picture_type(file.name, file.content_type))
    response = Response(content, mimetype="application/octet-stream")
    name_file(response.headers, file.name)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


@bp.get("/files/<int:attachment_id>/<any(small, large):size>")
@policy(DESK)
def shown(attachment_id: int, size: str) -> Response:
    """Answer with a picture drawn anew, small for a list or large for a screen; kept, and asked for anew."""
    file = queries.get_attachment(read_session(), actor=current_actor(), attachment_id=attachment_id)
    mark = f"{file.blob_sha256[:32]}-{EDGES[size]}"
    if request.if_none_match.contains(mark):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        content = blobs.store().get(file.blob_sha256)
        response = _picture(content, picture_type(file.name, file.content_type), edge=EDGES[size])
    response.set_etag(mark)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@bp.get("/messages/<int:message_id>/body")
@policy(DESK)
def body(message_id: int) -> Response:
    """Answer with the mail as it was sent, for the sandboxed frame of the ticket's page."""
    message = queries.get_message(read_session(), actor=current_actor(), message_id=message_id)
    pictures = {
        file.content_id: url_for("tickets.attachment", attachment_id=file.id, name=file.name, inline=1)
        for file in message.attachments
        if file.content_id and picture_type(file.name, file.content_type) in PICTURES
    } | {one.place: url_for("tickets.picture", picture_id=one.id) for one in message.pictures if one.state == "shown"}
    page = mail_page(
        title=message.subject or "Mail",
        language=message.contact.language if message.contact else "",
        text=message.text,
        body_html=message.html if message.kind == "mail" or message.contact_id is not None else None,
        trimmed_text=message.trimmed_text,
        pictures=pictures,
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = BODY_POLICY
    return response


@bp.get("/pictures/<int:picture_id>")
@policy(DESK)
def picture(picture_id: int) -> Response:
    """Answer with our drawing of a picture from elsewhere, for the mail that shows it."""
    drawn = queries.get_picture(read_session(), actor=current_actor(), picture_id=picture_id)
    response = Response(blobs.store().get(drawn.blob_sha256 or ""), mimetype=drawn.content_type)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def _picture(content: bytes, content_type: str, *, edge: int | None = None) -> Response:
    drawn = redraw(content, edge=edge) if content_type in PICTURES else None
    if drawn is None and edge == EDGES["small"] and content_type in PICTURES:
        drawn = no_picture()
    if drawn is None:
        message = "This file is not shown as a picture; save it instead."
        raise NotFound(message)
    response = Response(drawn[0], mimetype=drawn[1])
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response

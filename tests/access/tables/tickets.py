"""Who gets what from the tickets slice: files and mail of a conversation."""

import io
from datetime import datetime

from PIL import Image
from sqlalchemy.orm import Session

from helpdesk.infra import blobs
from helpdesk.tickets import service
from helpdesk.tickets.domain import IncomingMail, NewAttachment
from helpdesk.tickets.models import RemotePicture
from tests.access.rows import Row, expect
from tests.builders import Office

OF_ACME = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200)
OF_GLOBEX = expect(
    anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=403, manager=200, admin=200
)
NOT_THERE = expect(
    anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404
)

LED_TO_ACME = expect(
    anonymous=302, technician=302, account_manager=302, rival=302, bookkeeper=403, manager=302, admin=302
)
LED_TO_GLOBEX = expect(
    anonymous=302, technician=404, account_manager=404, rival=302, bookkeeper=403, manager=302, admin=302
)

FILES = {
    "canary.txt": ("text/plain", b"canary of a text"),
    "canary.eml": ("message/rfc822", b"From: a@b.example\nSubject: Canary\n\nWords"),
    "canary.pdf": ("application/pdf", b"%PDF-1.4 canary"),
    "canary.bin": ("application/octet-stream", b"canary"),
}


def _drawing() -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (2, 2)).save(output, "PNG")
    return output.getvalue()


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    ids: dict[str, int | str] = {}
    for name in ("acme", "globex"):
        files = [_kept(session, file, kind, content, now) for file, (kind, content) in FILES.items()]
        drawing = _kept(session, "canary.png", "image/png", _drawing(), now)
        message = service.add_mail(
            session,
            now=now,
            item_id=getattr(office, f"{name}_ticket").id,
            contact_id=getattr(office, f"{name}_contact").id,
            person_id=None,
            mail=IncomingMail(
                subject="Printer",
                text=f"{name} canary",
                html=None,
                reply_text=f"{name} canary",
                trimmed_text="",
                message_id=f"<access@{name}.example>",
                received_at=now,
                attachments=(*files, drawing),
            ),
        )
        shown = RemotePicture(
            message_id=message.id,
            position=0,
            url=f"http://{name}.example/canary.png",
            place=f"{name}@elsewhere.html",
            state="shown",
            asked_at=now,
            blob_sha256=drawing.blob_sha256,
            content_type="image/png",
        )
        session.add(shown)
        session.flush()
        ids |= {f"{name}_message": message.id, f"{name}_picture": shown.id}
        endings = ("file", "mail_file", "pdf_file", "odd_file", "picture_file")
        ids |= {f"{name}_{each}": file.id for each, file in zip(endings, message.attachments, strict=True)}
    return ids


def _kept(session: Session, name: str, kind: str, content: bytes, now: datetime) -> NewAttachment:
    digest = blobs.store().put(content)
    blobs.record(session, digest=digest, size_bytes=len(content), now=now)
    return NewAttachment(name, kind, digest, len(content))


ROWS = [
    Row("tickets.attachment", "GET", "/attachments/{acme_file}/canary.txt", OF_ACME),
    Row("tickets.attachment", "GET", "/attachments/{globex_file}/canary.txt", OF_GLOBEX),
    Row("tickets.attachment", "GET", "/attachments/{missing}/canary.txt", NOT_THERE),
    Row("tickets.attachment", "GET", "/attachments/{acme_file}/canary.txt", NOT_THERE, query="inline=1"),
    Row("tickets.shown", "GET", "/files/{acme_picture_file}/small", OF_ACME),
    Row("tickets.shown", "GET", "/files/{globex_picture_file}/large", OF_GLOBEX),
    Row("tickets.shown", "GET", "/files/{missing}/small", NOT_THERE),
    Row("tickets.shown", "GET", "/files/{acme_file}/small", NOT_THERE),
    Row("desk.preview", "GET", "/files/{acme_file}", OF_ACME),
    Row("desk.preview", "GET", "/files/{acme_mail_file}", OF_ACME),
    Row("desk.preview", "GET", "/files/{acme_odd_file}", OF_ACME),
    Row("desk.preview", "GET", "/files/{acme_picture_file}", OF_ACME),
    Row("desk.preview", "GET", "/files/{globex_file}", OF_GLOBEX),
    Row("desk.preview", "GET", "/files/{missing}", NOT_THERE),
    Row("desk.preview_pdf", "GET", "/files/{acme_pdf_file}/pdf", OF_ACME),
    Row("desk.preview_pdf", "GET", "/files/{globex_pdf_file}/pdf", OF_GLOBEX),
    Row("desk.preview_pdf", "GET", "/files/{acme_file}/pdf", NOT_THERE),
    Row("desk.preview_mail", "GET", "/files/{acme_mail_file}/mail", OF_ACME),
    Row("desk.preview_mail", "GET", "/files/{globex_mail_file}/mail", OF_GLOBEX),
    Row("desk.preview_mail", "GET", "/files/{acme_file}/mail", NOT_THERE),
    Row("desk.preview_mail", "GET", "/files/{acme_mail_file}/mail/0.1", NOT_THERE),
    Row("desk.message", "GET", "/messages/{acme_message}", LED_TO_ACME),
    Row("desk.message", "GET", "/messages/{globex_message}", LED_TO_GLOBEX),
    Row("desk.message", "GET", "/messages/{missing}", NOT_THERE),
    Row("desk.conversation_part", "GET", "/items/{acme_ticket}/conversation", LED_TO_ACME),
    Row("desk.conversation_part", "GET", "/items/{globex_ticket}/conversation", LED_TO_GLOBEX),
    Row("tickets.body", "GET", "/messages/{acme_message}/body", OF_ACME),
    Row("tickets.body", "GET", "/messages/{globex_message}/body", OF_GLOBEX),
    Row("tickets.body", "GET", "/messages/{missing}/body", NOT_THERE),
    Row("tickets.picture", "GET", "/pictures/{acme_picture}", OF_ACME),
    Row("tickets.picture", "GET", "/pictures/{globex_picture}", OF_GLOBEX),
    Row("tickets.picture", "GET", "/pictures/{missing}", NOT_THERE),
]

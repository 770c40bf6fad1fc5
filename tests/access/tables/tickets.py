"""Who gets what from the tickets slice: files and mail of a conversation."""

from datetime import datetime

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


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    ids: dict[str, int | str] = {}
    for name in ("acme", "globex"):
        content = f"{name} canary".encode()
        digest = blobs.store().put(content)
        blobs.record(session, digest=digest, size_bytes=len(content), now=now)
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
                attachments=(NewAttachment("canary.txt", "text/plain", digest, len(content)),),
            ),
        )
        shown = RemotePicture(
            message_id=message.id,
            position=0,
            url=f"http://{name}.example/canary.png",
            place=f"{name}@elsewhere.html",
            state="shown",
            asked_at=now,
            blob_sha256=digest,
            content_type="image/png",
        )
        session.add(shown)
        session.flush()
        ids |= {f"{name}_message": message.id, f"{name}_file": message.attachments[0].id, f"{name}_picture": shown.id}
    return ids


ROWS = [
    Row("tickets.attachment", "GET", "/attachments/{acme_file}/canary.txt", OF_ACME),
    Row("tickets.attachment", "GET", "/attachments/{globex_file}/canary.txt", OF_GLOBEX),
    Row("tickets.attachment", "GET", "/attachments/{missing}/canary.txt", NOT_THERE),
    Row("tickets.attachment", "GET", "/attachments/{acme_file}/canary.txt", NOT_THERE, query="inline=1"),
    Row("tickets.body", "GET", "/messages/{acme_message}/body", OF_ACME),
    Row("tickets.body", "GET", "/messages/{globex_message}/body", OF_GLOBEX),
    Row("tickets.body", "GET", "/messages/{missing}/body", NOT_THERE),
    Row("tickets.picture", "GET", "/pictures/{acme_picture}", OF_ACME),
    Row("tickets.picture", "GET", "/pictures/{globex_picture}", OF_GLOBEX),
    Row("tickets.picture", "GET", "/pictures/{missing}", NOT_THERE),
]

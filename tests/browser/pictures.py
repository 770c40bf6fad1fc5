"""A ticket whose mails have pictures from elsewhere, in each state in which they can be seen, and one without words."""

from collections.abc import Callable

from sqlalchemy import select

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import Actor
from helpdesk.intake.models import InboundEffect, InboundMessage
from helpdesk.kernel.errors import ExternalFailure
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import process, service
from helpdesk.tickets.models import Message
from tests.mails import mail
from tests.slices.conftest import Inbox

SENDER = "Newsroom <news@kuehn.example>"
SUBJECT = "Our letter of November"


def tell(inbox: Inbox, actor: Actor, picture: bytes) -> dict[str, int]:
    """Let three mails with pictures and one without words meet on one ticket; return its number and the messages."""
    item_id, first = effect_of(inbox.receive(_mail("Nobody asked for these.", "a.png", "b.png", number=1)))
    _, asked = effect_of(inbox.receive(_mail("Somebody waits for these.", "c.png", "d.png", "e.png", number=2)))
    _, shown = effect_of(inbox.receive(_mail("These were asked for.", "f.png", "gone.png", "huge.png", number=3)))
    inbox.receive(_mail("", number=4, files={"minutes.pdf": b"%PDF", "plan.pdf": b"%PDF"}))
    for message_id in (asked, shown):
        with unit_of_work() as session:
            service.ask_for_pictures(session, actor=actor, now=inbox.clock(), item_id=item_id, message_id=message_id)

    def get(url: str, **_limits: object) -> bytes:
        if "gone" in url:
            message = "it is not there any more"
            raise ExternalFailure(message)
        return b"<svg/>" if "huge" in url else picture

    fetch(shown, get, inbox.clock)
    with unit_of_work() as session:
        number = session.scalars(select(WorkItem.number).where(WorkItem.id == item_id)).one()
    return {"pictures_ticket": number, "pictures_blocked": first, "pictures_asked": asked, "pictures_shown": shown}


def fetch(message_id: int, get: Callable[..., bytes], clock: Callable[..., object]) -> None:
    """Do what the job does."""
    process.fetch_pictures(message_id, unit_of_work, get=get, store=blobs.store(), clock=clock)  # type: ignore[arg-type]


def effect_of(inbound: InboundMessage) -> tuple[int, int]:
    """Return work item and message of a mail."""
    with unit_of_work() as session:
        effect = session.get_one(InboundEffect, inbound.id)
        return effect.work_item_id, session.scalars(select(Message.id).where(Message.id == effect.message_id)).one()


def _mail(text: str, *names: str, number: int, files: dict[str, bytes] | None = None) -> bytes:
    pictures = "".join(f'<p><img src="http://pictures.example/november/{name}?r=1" alt="{name}"></p>' for name in names)
    thread = {"In-Reply-To": "<november-1@kuehn.example>"} if number > 1 else {}
    return mail(
        text,
        sender=SENDER,
        subject=SUBJECT,
        message_id=f"<november-{number}@kuehn.example>",
        html=f"<p>{text}</p>{pictures}" if names else None,
        headers=thread,
        files=files,
    )

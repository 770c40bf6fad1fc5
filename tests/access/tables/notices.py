"""Who is told what: everybody has a list of their own, and chooses for themselves."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM
from helpdesk.notices import service as notices
from helpdesk.notices.models import Notice, PushBrowser
from helpdesk.notices.service import News
from tests.access.rows import Row, expect
from tests.builders import Office

STAFF = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=200, manager=200, admin=200)
WRITES = expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=303, manager=303, admin=303)
OF_DESK = expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=422, manager=303, admin=303)
OWN = expect(anonymous=302, technician=303, account_manager=404, rival=404, bookkeeper=404, manager=404, admin=404)
NOBODYS = expect(anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=404, manager=404, admin=404)


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Tell the technician something."""
    people = [office.technician.id, office.admin.id]
    for kind, title in (("rejected", "Travel, 12.50 EUR"), ("at_risk", "#1 Printer prints blank labels, and more")):
        news = News(kind, kind, title, "/desk", author="Manager Person", excerpt="What was said of it, in a few words.")
        notices.tell(session, actor=SYSTEM, now=now, news=news, person_ids=people)
    notices.mark_read(session, actor=office.actor("admin"), now=now)
    news = News("retainer", "table", "Acme, Support retainer: 80 % of the hours of November are used", "/retainers")
    notices.tell(session, actor=SYSTEM, now=now, news=news, person_ids=people)
    browser = PushBrowser(
        person_id=office.technician.id,
        endpoint="https://push.example/table",
        p256dh="",
        auth="",
        name="Firefox on Linux",
        created_at=now,
    )
    session.add(browser)
    session.flush()
    of_technician = select(Notice.id).where(Notice.key == "table", Notice.person_id == office.technician.id)
    return {"browser": browser.id, "notice": session.scalars(of_technician).one()}


ROWS = [
    Row("notices.subscribe", "POST", "/notifications/push", WRITES, form={"endpoint": "http://push.example"}),
    Row("notices.unsubscribe", "POST", "/notifications/push/{browser}/remove", OWN),
    Row("notices.unsubscribe", "POST", "/notifications/push/{missing}/remove", NOBODYS),
    Row("desk.notifications", "GET", "/notifications", STAFF),
    Row("desk.read_notices", "POST", "/notifications/read", WRITES, form={"notice": "{notice}"}),
    Row("desk.read_notices", "POST", "/notifications/read", NOBODYS, form={"notice": "none"}),
    Row("desk.unread_notice", "POST", "/notifications/unread", OWN, form={"notice": "{notice}"}),
    Row("desk.unread_notice", "POST", "/notifications/unread", NOBODYS, form={"notice": "{missing}"}),
    Row("notices.choices", "GET", "/notifications/settings", STAFF),
    Row("notices.choose_quiet", "POST", "/notifications/quiet", WRITES, form={"begins": "18:00", "ends": "08:00"}),
    Row("notices.choose", "POST", "/notifications/settings", WRITES, form={"on": "rejected.mail"}),
    Row("notices.choose", "POST", "/notifications/settings", OF_DESK, form={"on": "reply.mail"}),
]

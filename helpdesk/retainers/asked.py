"""Hours that a client was asked for, as the page of the agreement tells of them (docs/billing.md rule 14)."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.money import Money, format_money
from helpdesk.retainers.models import HoursAsked

TONES = {"granted": "ok", "waiting": "accent", "refused": "danger", "expired": "warn", "revoked": "warn"}


@dataclass(frozen=True)
class AskedLine:
    """One question to a client with its answer.

    ``words`` say when it was asked or answered, by whom and from where; ``says`` is what was shown, line by line.
    """

    id: int
    hours: str
    cost: str
    state: str
    tone: str
    label: str
    words: str
    note: str
    says: list[str]
    may_revoke: bool


def asked_line(asked: HoursAsked, state: str, zone: ZoneInfo) -> AskedLine:
    """Return one question as its page tells of it, in the times of ``zone``."""
    names = {
        "granted": _("Granted"),
        "waiting": _("Waits for an answer"),
        "refused": _("Declined"),
        "expired": _("Not answered"),
        "revoked": _("Taken back"),
    }

    def at(instant: datetime) -> str:
        return str(format_datetime(instant, "d MMM y, HH:mm", tzinfo=zone, locale=get_locale()))

    last = asked.answers[-1] if asked.answers else None
    if last is not None:
        who = _("%(name)s, %(at)s, from %(address)s", name=last.name, at=at(last.answered_at), address=last.address)
    else:
        who = _("asked %(at)s, until %(until)s", at=at(asked.asked_at), until=at(asked.expires_at))
    most = format_money(Money(asked.most_minor, asked.agreement.currency), str(get_locale() or "en"))
    return AskedLine(
        id=asked.id,
        hours=_("%(hours)s h", hours=format_hm(asked.seconds)),
        cost=_("%(most)s at most", most=most),
        state=state,
        tone=TONES[state],
        label=names[state],
        words=who,
        note=last.note if last is not None else "",
        says=asked.says.splitlines(),
        may_revoke=state in {"granted", "waiting"},
    )

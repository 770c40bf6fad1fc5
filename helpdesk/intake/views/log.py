"""The inbound log: every mail that came, what became of it, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import Response, abort, render_template, request, url_for
from flask_babel import gettext as _

from helpdesk.infra import blobs
from helpdesk.infra.db import read_session
from helpdesk.infra.downloads import name_file
from helpdesk.infra.export.views import exported
from helpdesk.infra.policy import APPROVERS, policy
from helpdesk.infra.web import day_filter, zone
from helpdesk.intake import log_queries, queries, rule_queries
from helpdesk.intake.log_queries import LARGEST_NUMBER, LogFilter
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.views import exports, words
from helpdesk.intake.views.blueprint import bp

RAW_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
WORDS_CHARACTERS = 200
FIRST_YEAR, LAST_YEAR = 1980, 2200


@dataclass(frozen=True)
class LogRow:
    """One line of the log as the page shows it."""

    id: int
    received_at: datetime
    from_name: str
    from_address: str
    subject: str
    mailbox_address: str
    state: str
    outcome_label: str
    tone: str
    icon_name: str
    matched_by: str
    reasons: list[str]
    error: str
    attempts: int
    erased: bool
    item_number: int | None
    item_title: str | None


@bp.get("/inbound")
@policy(APPROVERS)
@exported(lambda session: exports.log_sheet(session, wanted=_wanted()))
def log() -> str:
    """Show every mail that came, newest first, with what became of it and why."""
    session = read_session()
    wanted, asked = _wanted(), _asked()
    before = request.args.get("before", type=_row_id)
    found = log_queries.page(session, wanted, before=before)
    rows, more = found[: log_queries.PAGE_ROWS], len(found) > log_queries.PAGE_ROWS
    page = {
        "newer_url": _url(asked) if before else None,
        "older_url": _url(asked | {"before": str(rows[-1].id)}) if more else None,
    }
    return render_template(
        "intake/log.html",
        tabs=_tabs(wanted, asked),
        outcome=wanted.outcome,
        asked=asked,
        narrow=wanted.is_narrow,
        mailboxes=log_queries.mailboxes(session),
        rows=[_log_row(row) for row in rows],
        page=page,
        floods=rule_queries.floods(session) if wanted.outcome == "held" else [],
    )


@bp.get("/inbound/<int:inbound_id>/raw")
@policy(APPROVERS)
def raw(inbound_id: int) -> Response:
    """Answer with the mail as it came, to be saved."""
    inbound = queries.get_inbound(read_session(), inbound_id)
    if inbound.erased_at is not None:
        abort(
            410,
            _("This mail was erased on %(day)s by %(who)s.", day=day_filter(inbound.erased_at), who=inbound.erased_by),
        )
    response = Response(blobs.store().get(inbound.blob_sha256), mimetype="message/rfc822")
    name_file(response.headers, f"inbound-{inbound.id}.eml")
    response.headers["Content-Security-Policy"] = RAW_POLICY
    return response


def _wanted() -> LogFilter:
    """Return what the address of the page asks for; what cannot be understood is as if it were not there."""
    first, last = request.args.get("from", type=_day), request.args.get("to", type=_day)
    outcome = request.args.get("outcome", "all")
    return LogFilter(
        outcome=outcome if outcome in _outcomes() else "all",
        mailbox_id=request.args.get("mailbox", type=_row_id),
        since=_midnight(first) if first else None,
        until=_midnight(last + timedelta(days=1)) if last else None,
        words=_words(),
    )


def _asked() -> dict[str, str]:
    """Return the filters as they stand in the address, so that pages and tabs keep them."""
    readers: dict[str, Callable[[str], object]] = {"mailbox": _row_id, "from": _day, "to": _day}
    kept = {name: request.args[name] for name, read in readers.items() if request.args.get(name, type=read) is not None}
    if request.args.get("outcome") in _outcomes():
        kept["outcome"] = request.args["outcome"]
    return kept | ({"q": _words()} if _words() else {})


def _words() -> str:
    typed = request.args.get("q", "")
    return "".join(sign for sign in typed if sign.isprintable()).strip()[:WORDS_CHARACTERS]


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(text)
    return day


def _row_id(text: str) -> int:
    number = int(text)
    if not 0 < number <= LARGEST_NUMBER:
        raise ValueError(text)
    return number


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone())


def _tabs(wanted: LogFilter, asked: dict[str, str]) -> list[dict[str, object]]:
    """Return the outcomes to choose from; counts stand where nothing else is asked for, and tell of all mail."""
    counts = {} if wanted.is_narrow else log_queries.counts(read_session())
    return [
        {
            "key": key,
            "label": label,
            "count": counts.get(key),
            "url": _url(asked | {"outcome": key}),
        }
        for key, label in _outcomes().items()
    ]


def _url(query: dict[str, str]) -> str:
    return f"{url_for('intake.log')}?{urlencode(query)}" if query else url_for("intake.log")


def _log_row(inbound: InboundMessage) -> LogRow:
    item = inbound.effect.work_item if inbound.effect else None
    return LogRow(
        id=inbound.id,
        received_at=inbound.received_at,
        from_name=inbound.from_name,
        from_address=inbound.from_address,
        subject=inbound.subject,
        mailbox_address=inbound.mailbox.address,
        state=inbound.state,
        outcome_label=words.outcome_label(inbound),
        tone=words.TONES.get(inbound.state, ""),
        icon_name=words.ICONS[inbound.state],
        matched_by=words.matched_by(inbound),
        reasons=inbound.reasons,
        error=inbound.error,
        attempts=inbound.attempts,
        erased=inbound.erased_at is not None,
        item_number=item.number if item else None,
        item_title=item.title if item else None,
    )


def _outcomes() -> dict[str, str]:
    return {
        "all": _("All"),
        "tickets": _("Tickets"),
        "replies": _("Replies"),
        "waiting": _("Waiting"),
        "held": _("Held"),
        "quarantined": _("Quarantine"),
        "ignored": _("Ignored"),
        "automatic": _("Automatic"),
        "bounces": _("Bounces"),
        "spam": _("Spam"),
        "duplicates": _("Duplicates"),
    }

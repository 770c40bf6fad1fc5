"""Who gets what from our own company, the first run and the failed jobs."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra import job_failures
from tests.access.rows import Row, expect
from tests.builders import Office

OTHERS = {
    "anonymous": 302,
    "technician": 403,
    "account_manager": 403,
    "rival": 403,
    "bookkeeper": 403,
    "manager": 403,
}
ADMIN_SEES = expect(**OTHERS, admin=200)
ADMIN_DOES = expect(**OTHERS, admin=303)
NOT_THERE = expect(**OTHERS, admin=404)
GONE = expect(anonymous=404, technician=404, account_manager=404, rival=404, bookkeeper=404, manager=404, admin=404)


def furnish(session: Session, _office: Office, now: datetime) -> dict[str, int | str]:
    failure = job_failures.note(
        session,
        job="deliver_outgoing",
        args=(7,),
        queue="mail",
        error="TimeoutError: no answer",
        traceback="Traceback",
        now=now,
    )
    return {"failed_job": failure.id}


WORDS = {"subject": "{{{{month}}}}", "text": "{{{{figures}}}}", "act": "save"}

ROWS = [
    Row("company.settings", "GET", "/settings/company", ADMIN_SEES),
    Row(
        "company.update",
        "POST",
        "/settings/company",
        ADMIN_DOES,
        form={
            "name": "Halden & Okoye",
            "currency": "EUR",
            "time_zone": "Europe/Berlin",
            "language": "en",
            "payment_days": "30",
            "timer_idle_minutes": "90",
            "timer_limit_hours": "10",
            "undo_seconds": "10",
            "typing_assigns": "y",
            "tax_percent": "19",
        },
    ),
    Row("company.letters", "GET", "/settings/letters", ADMIN_SEES),
    Row("company.letter", "GET", "/settings/letters/retainer_statement/de", ADMIN_SEES),
    Row("company.letter", "GET", "/settings/letters/nothing/de", NOT_THERE),
    Row("company.letter", "GET", "/settings/letters/reminder_4/de", NOT_THERE),
    Row("company.word_letter", "POST", "/settings/letters/retainer_statement/de", ADMIN_DOES, form=WORDS),
    Row("company.word_letter", "POST", "/settings/letters/retainer_statement/xx", NOT_THERE, form=WORDS),
    Row("company.reset_letter", "POST", "/settings/letters/retainer_statement/de/reset", ADMIN_DOES),
    Row("company.reset_letter", "POST", "/settings/letters/nothing/de/reset", NOT_THERE),
    Row("first_run.ask", "GET", "/setup", GONE),
    Row("first_run.set_up", "POST", "/setup", GONE, form={"token": "guessed"}),
    Row("infra.jobs", "GET", "/settings/jobs", ADMIN_SEES),
    Row("infra.retry_job", "POST", "/settings/jobs/{failed_job}/retry", ADMIN_DOES),
    Row("infra.retry_job", "POST", "/settings/jobs/{missing}/retry", NOT_THERE),
]

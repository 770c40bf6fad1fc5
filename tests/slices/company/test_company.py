import pytest
from sqlalchemy import select

from helpdesk.company import service
from helpdesk.company.service import CompanyProfile
from helpdesk.infra import job_failures
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict, NotFound
from tests.conftest import NOW

FORM = {
    "name": "Halden & Okoye",
    "currency": "chf",
    "time_zone": "Europe/Zurich",
    "language": "de",
    "payment_days": "30",
    "timer_idle_minutes": "90",
    "timer_limit_hours": "12",
    "undo_seconds": "10",
    "typing_assigns": "y",
    "tax_percent": "8.1",
    "address": "Line one\nLine two",
}


def test_there_is_one_company(session, office):
    with pytest.raises(Conflict, match="already"):
        service.set_up(session, actor=SYSTEM, now=NOW, profile=CompanyProfile(name="Second"))


def test_before_the_first_run_there_is_none(session):
    assert service.find_company(session) is None
    with pytest.raises(NotFound, match="not set up"):
        service.get_company(session)


def test_the_settings_are_saved_and_what_changed_is_on_record(sign_in_as, office):
    admin = sign_in_as(office.admin)

    answer = admin.post("/settings/company", data=FORM)

    with unit_of_work() as session:
        company = service.get_company(session)
        row = session.scalars(select(AuditRow).where(AuditRow.object_kind == "company")).one()
    assert answer.status_code == 303
    assert (company.currency, company.time_zone, company.tax_percent) == ("CHF", "Europe/Zurich", "8.1")
    assert company.address.splitlines() == ["Line one", "Line two"]
    assert row.actor_id == office.admin.id
    assert row.data["currency"] == "CHF"
    assert "name" not in row.data
    assert 'value="8.1"' in admin.get("/settings/company").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"currency": "XYZ"}, "no ISO 4217 currency"),
        ({"time_zone": "Mars/Olympus"}, "Not a valid choice"),
        ({"name": "Two\r\nlines"}, "line breaks"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_saved(sign_in_as, office, wrong, said):
    answer = sign_in_as(office.admin).post("/settings/company", data=FORM | wrong)

    with unit_of_work() as session:
        company = service.get_company(session)
    assert answer.status_code == 422
    assert said in answer.text
    assert company.currency == "EUR"


def test_a_failed_job_is_shown_and_rung_again_once(sign_in_as, office, rung):
    admin = sign_in_as(office.admin)
    with unit_of_work() as session:
        failure = job_failures.note(
            session, job="deliver", args=(7, "x"), queue="mail", error="TimeoutError", traceback="File <b>", now=NOW
        )

    page = admin.get("/settings/jobs")
    first = admin.post(f"/settings/jobs/{failure.id}/retry")
    second = admin.post(f"/settings/jobs/{failure.id}/retry")

    assert "TimeoutError" in page.text
    assert "File &lt;b&gt;" in page.text
    assert (first.status_code, second.status_code) == (303, 409)
    assert rung == [Bell("deliver", (7, "x"), "mail")]


def test_failed_jobs_go_by_pages_and_take_the_same_queries_however_many(sign_in_as, office, count_queries):
    admin = sign_in_as(office.admin)
    with count_queries() as few:
        admin.get("/settings/jobs")
    with unit_of_work() as session:
        for at in range(job_failures.PAGE + 3):
            job_failures.note(session, job=f"job{at}", args=(), queue="mail", error="e", traceback="t", now=NOW)

    with count_queries() as many:
        page = admin.get("/settings/jobs")

    oldest_here = 4
    assert "job2<" not in page.text
    assert f"before={oldest_here}" in page.text
    assert "job2<" in admin.get(f"/settings/jobs?before={oldest_here}").text
    assert len(many) == len(few)

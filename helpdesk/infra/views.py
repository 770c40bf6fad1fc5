"""Routes of the infra slice: jobs that failed."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.infra import clock, job_failures
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.columns import AT_ONCE, Column, Sheet, instant, number, pages, text
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.models import JobFailure
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav

bp = Blueprint("infra", __name__)


@dataclass(frozen=True)
class Page:
    """Where the pages beside this one are."""

    newer_url: str | None
    older_url: str | None


def _sheet(session: Session) -> Sheet[JobFailure]:
    """Return the jobs that failed as a table, newest first."""

    def read(before: int | None) -> tuple[list[JobFailure], int | None]:
        found = job_failures.newest(session, before=before, limit=AT_ONCE)
        return found[:AT_ONCE], found[AT_ONCE - 1].id if len(found) > AT_ONCE else None

    columns: list[Column[JobFailure]] = [
        number(_("Number"), lambda failure: failure.id),
        text(_("Job"), lambda failure: failure.job),
        text(_("Arguments"), lambda failure: ", ".join(map(str, failure.args))),
        instant(_("Failed"), lambda failure: failure.failed_at),
        text(_("Error"), lambda failure: failure.error),
        instant(_("Resolved"), lambda failure: failure.resolved_at),
    ]
    return Sheet("failed jobs", columns, pages(read))


@bp.get("/settings/jobs")
@policy(SETTINGS)
@exported(_sheet)
def jobs() -> ResponseReturnValue:
    """Show the jobs that failed, newest first."""
    before = request.args.get("before", type=int)
    found = job_failures.newest(read_session(), before=before)
    shown, more = found[: job_failures.PAGE], len(found) > job_failures.PAGE
    page = Page(
        newer_url=url_for("infra.jobs") if before else None,
        older_url=url_for("infra.jobs", before=shown[-1].id) if more else None,
    )
    return render_template("settings/jobs.html", nav=nav("infra.jobs"), jobs=shown, page=page)


@bp.post("/settings/jobs/<int:job_id>/retry")
@policy(SETTINGS)
def retry_job(job_id: int) -> ResponseReturnValue:
    """Start a failed job once more."""
    with unit_of_work() as session:
        failure = job_failures.retry(session, actor=current_actor(), now=clock.now(), failure_id=job_id)
    flash(_("%(job)s was started again.", job=failure.job), "ok")
    return redirect(url_for("infra.jobs"), code=303)

"""Who gets what from the plan of a project. Globex is restricted to a team that has only the rival."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM
from helpdesk.projects.models import TaskLink
from helpdesk.projects.planning import baselines, editing, linking
from helpdesk.projects.planning.editing import Details
from tests.access.rows import Row, expect
from tests.builders import Office

SEEN = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200)
HIDDEN = expect(anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=403, manager=200, admin=200)
DONE = expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303)
REFUSED = expect(anonymous=302, technician=422, account_manager=422, rival=422, bookkeeper=403, manager=422, admin=422)
STALE = expect(anonymous=302, technician=409, account_manager=409, rival=409, bookkeeper=403, manager=409, admin=409)
ELSEWHERE = expect(
    anonymous=302, technician=404, account_manager=404, rival=303, bookkeeper=403, manager=303, admin=303
)
PLANNERS = expect(anonymous=302, technician=403, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303)
PLANNERS_ELSEWHERE = expect(
    anonymous=302, technician=403, account_manager=404, rival=303, bookkeeper=403, manager=303, admin=303
)
NOT_THERE = expect(
    anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404
)
DESK_ELSEWHERE_STALE = expect(
    anonymous=302, technician=404, account_manager=404, rival=409, bookkeeper=403, manager=409, admin=409
)

TASK = {
    "title": "Hang the switches",
    "kind": "task",
    "assignee_id": "",
    "parent": "",
    "starts_on": "2026-12-01",
    "due_on": "2026-12-02",
    "estimate": "8h",
}
LINK = {"predecessor": "#{plan_first} Cables", "successor": "{plan_second}", "lag_days": "-1", "lag_unit": "days"}
DETAILS = {
    "version": "1",
    "title": "Plan",
    "priority": "normal",
    "parent": "",
    "starts_on": "2026-12-01",
    "due_on": "2026-12-04",
    "estimate": "1:30",
}
ACME, GLOBEX = "/projects/{acme_project}/plan", "/projects/{globex_project}/plan"


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int]:
    """Plan two tasks for each client, one after the other, and keep both plans."""
    ids: dict[str, int] = {}
    for prefix, project in (("plan", office.acme_project), ("hidden", office.globex_project)):
        first, second = (
            editing.add(
                session,
                actor=SYSTEM,
                now=now,
                project_id=project.id,
                title=title,
                details=Details(starts_on=date(2026, 12, day), due_on=date(2026, 12, day + 1)),
            ).number
            for title, day in (("Cables", 1), ("Switches", 3))
        )
        linking.link(session, actor=SYSTEM, now=now, project_id=project.id, predecessor=first, successor=second)
        kept = baselines.take(session, actor=SYSTEM, now=now, project_id=project.id, name="As offered")
        link = session.query(TaskLink.id).order_by(TaskLink.id.desc()).limit(1).scalar()
        ids |= {f"{prefix}_first": first, f"{prefix}_second": second}
        ids |= {f"{prefix}_baseline": kept.id, f"{prefix}_link": link}
    return ids


ROWS = [
    Row("desk.workload", "GET", "/projects/workload", SEEN, query="who={technician}&week=2026-W49&from=2026-W49"),
    Row("desk.workload", "GET", "/projects/workload", HIDDEN, query="client={globex}"),
    Row("desk.workload", "GET", "/projects/workload", NOT_THERE, query="team={missing}"),
    Row("desk.workload", "GET", "/projects/workload", REFUSED, query="from=soon"),
    Row("desk.plan", "GET", ACME, SEEN),
    Row("desk.plan", "GET", GLOBEX, HIDDEN, query="zoom=month&baseline={plan_baseline}"),
    Row("desk.plan_add", "POST", ACME + "/tasks", DONE, form=TASK),
    Row("desk.plan_add", "POST", ACME + "/tasks", REFUSED, form=TASK | {"due_on": "2026-11-30"}),
    Row("desk.plan_add", "POST", GLOBEX + "/tasks", ELSEWHERE, form=TASK),
    Row(
        "desk.plan_move", "POST", ACME + "/tasks/{plan_second}", DONE, form={"starts_on": "2026-12-04", "version": "2"}
    ),
    Row("desk.plan_move", "POST", ACME + "/tasks/{plan_first}", REFUSED, form={"version": "2"}),
    Row("desk.plan_move", "POST", ACME + "/tasks/{plan_first}", STALE, form={"due_on": "2026-12-04", "version": "9"}),
    Row(
        "desk.plan_move",
        "POST",
        ACME + "/tasks/{hidden_first}",
        NOT_THERE,
        form={"due_on": "2026-12-04", "version": "2"},
    ),
    Row(
        "desk.plan_move",
        "POST",
        GLOBEX + "/tasks/{hidden_first}",
        ELSEWHERE,
        form={"due_on": "2026-12-04", "version": "2"},
    ),
    Row("desk.plan_undo", "POST", ACME + "/undo", STALE),
    Row("desk.plan_undo", "POST", GLOBEX + "/undo", DESK_ELSEWHERE_STALE),
    Row("desk.plan_link", "POST", ACME + "/links", DONE, form=LINK),
    Row("desk.plan_link", "POST", ACME + "/links", REFUSED, form=LINK | {"successor": "#{hidden_first}"}),
    Row("desk.plan_link", "POST", ACME + "/links", REFUSED, form=LINK | {"successor": "the other"}),
    Row(
        "desk.plan_link",
        "POST",
        GLOBEX + "/links",
        ELSEWHERE,
        form=LINK | {"predecessor": "{hidden_first}", "successor": "{hidden_second}"},
    ),
    Row("desk.plan_unlink", "POST", ACME + "/links/{plan_link}/remove", DONE),
    Row("desk.plan_unlink", "POST", ACME + "/links/{hidden_link}/remove", NOT_THERE),
    Row("desk.plan_baseline", "POST", ACME + "/baselines", PLANNERS, form={"name": "Second"}),
    Row("desk.plan_baseline", "POST", GLOBEX + "/baselines", PLANNERS_ELSEWHERE, form={"name": "Second"}),
    Row("desk.plan_discard_baseline", "POST", ACME + "/baselines/{plan_baseline}/discard", PLANNERS),
    Row("desk.plan_discard_baseline", "POST", GLOBEX + "/baselines/{hidden_baseline}/discard", PLANNERS_ELSEWHERE),
    Row("desk.plan_task", "GET", ACME + "/tasks/{plan_first}", SEEN),
    Row("desk.plan_task", "GET", ACME + "/tasks/{acme_ticket}", NOT_THERE),
    Row("desk.plan_task", "GET", GLOBEX + "/tasks/{hidden_first}", HIDDEN),
    Row("desk.plan_edit", "POST", ACME + "/tasks/{plan_first}/details", STALE, form=DETAILS),
    Row("desk.plan_edit", "POST", ACME + "/tasks/{plan_first}/details", DONE, form=DETAILS | {"version": "2"}),
    Row("desk.plan_edit", "POST", ACME + "/tasks/{plan_first}/details", REFUSED, form=DETAILS | {"estimate": "much"}),
    Row("desk.plan_edit", "POST", GLOBEX + "/tasks/{hidden_first}/details", ELSEWHERE, form=DETAILS | {"version": "2"}),
]

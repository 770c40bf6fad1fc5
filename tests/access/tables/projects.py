"""Who gets what from projects. Globex is restricted to a team that has only the rival."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM
from helpdesk.projects import service, templates
from tests.access.rows import Row, expect
from tests.builders import Office

TASK = {"title": "Plan the move", "assignee_id": "", "estimate": "1:30", "due_on": "2026-12-01"}

SETTINGS = {"name": "Website", "status": "active", "billing": "hourly", "manager_id": "", "over_limit": "warn"}


def _of_planners(endpoint: str, method: str, act: str, done: int, form: dict[str, str] | None = None) -> list[Row]:
    """Return the rows of an act of those who plan: on a project that all see, a restricted one, and a missing one."""
    no = {"anonymous": 302, "technician": 403, "bookkeeper": 403}
    seen = {
        "acme_project": expect(**no, account_manager=done, rival=done, manager=done, admin=done),
        "globex_project": expect(**no, account_manager=404, rival=done, manager=done, admin=done),
        "missing": expect(**no, account_manager=404, rival=404, manager=404, admin=404),
    }
    return [
        Row(endpoint, method, f"/projects/{{{name}}}/{act}", answers, form=form or {}) for name, answers in seen.items()
    ]


EVERYBODY = expect(
    anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200
)
OF_GLOBEX = expect(
    anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=403, manager=200, admin=200
)
WRITES = expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303)
WRITES_GLOBEX = expect(
    anonymous=302, technician=404, account_manager=404, rival=303, bookkeeper=403, manager=303, admin=303
)
NOT_THERE = expect(
    anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404
)

TEMPLATE = "/projects/templates/{acme_template}"
OF_GLOBEX_TEMPLATE = "/projects/templates/{globex_template}"
BEGIN = {"client_id": "{acme}", "name": "Next", "starts_on": "2026-12-01"}


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Keep a template of each client's tasks."""
    ids: dict[str, int | str] = {}
    for name in ("acme", "globex"):
        project = getattr(office, f"{name}_project")
        service.add_task(session, actor=SYSTEM, now=now, project_id=project.id, title="Kept")
        template = templates.make(session, actor=SYSTEM, now=now, project_id=project.id, name=f"{name} template")
        ids[f"{name}_template"] = template.id
    return ids


def _planners(done: int) -> dict[str, int]:
    return expect(
        anonymous=302,
        technician=403,
        account_manager=done,
        rival=done,
        bookkeeper=403,
        manager=done,
        admin=done,
    )


def _planners_of_globex(done: int) -> dict[str, int]:
    return {**_planners(done), "account_manager": 404}


ROWS = [
    Row("projects.templates", "GET", "/projects/templates", _planners(200)),
    *_of_planners("projects.make_template", "POST", "template", 303, {"name": "Another"}),
    *_of_planners("projects.fees", "GET", "fees", 200),
    *_of_planners("projects.set_whole_fee", "POST", "fees/whole", 422, {"whole": "100"}),  # by the hour
    *_of_planners("projects.add_fee", "POST", "fees", 422, {"text": "Half", "due_on": "2026-12-01", "percent": "50"}),
    *_of_planners("projects.remove_fee", "POST", "fees/{missing}/remove", 422),
    Row("projects.use_template", "GET", TEMPLATE, _planners(200)),
    Row("projects.use_template", "GET", OF_GLOBEX_TEMPLATE, _planners_of_globex(200)),
    Row("projects.begin", "POST", TEMPLATE, _planners(303), form=BEGIN),
    Row("projects.begin", "POST", OF_GLOBEX_TEMPLATE, _planners_of_globex(303), form=BEGIN),
    Row("projects.remove_template", "POST", f"{TEMPLATE}/remove", _planners(303)),
    Row("projects.remove_template", "POST", f"{OF_GLOBEX_TEMPLATE}/remove", _planners_of_globex(303)),
    Row("desk.make_task", "POST", "/items/{acme_ticket}/task", WRITES),
    Row("desk.make_task", "POST", "/items/{globex_ticket}/task", WRITES_GLOBEX),
    Row("desk.make_task", "POST", "/items/{missing}/task", NOT_THERE),
    Row("desk.make_ticket", "POST", "/items/{acme_task}/ticket", WRITES, form={"who": "new@acme.example"}),
    Row("desk.make_ticket", "POST", "/items/{globex_ticket}/ticket", WRITES_GLOBEX),
    Row("desk.make_ticket", "POST", "/items/{missing}/ticket", NOT_THERE),
    Row("projects.task_list", "GET", "/tasks", EVERYBODY),
    Row("projects.task_list", "GET", "/tasks", EVERYBODY, query="project={acme_project}&who=nobody&sort=changed"),
    Row("projects.task_list", "GET", "/tasks", OF_GLOBEX, query="project={globex_project}"),
    Row("projects.task_list", "GET", "/tasks", NOT_THERE, query="project={missing}"),
    Row("projects.calendar", "GET", "/tasks/calendar", EVERYBODY),
    Row("projects.calendar", "GET", "/tasks/calendar", EVERYBODY, query="project={acme_project}&month=2026-12"),
    Row("projects.calendar", "GET", "/tasks/calendar", OF_GLOBEX, query="project={globex_project}"),
    Row("desk.board", "GET", "/projects/{acme_project}/board", EVERYBODY),
    Row("desk.board", "GET", "/projects/{globex_project}/board", OF_GLOBEX),
    Row("desk.board", "GET", "/projects/{missing}/board", NOT_THERE),
    Row(
        "desk.move_card",
        "POST",
        "/projects/{acme_project}/board",
        WRITES,
        form={"number": "{acme_task}", "status": "open"},
    ),
    Row(
        "desk.move_card",
        "POST",
        "/projects/{acme_project}/board",
        NOT_THERE,
        form={"number": "{globex_ticket}", "status": "open"},
    ),
    Row(
        "desk.move_card",
        "POST",
        "/projects/{globex_project}/board",
        WRITES_GLOBEX,
        form={"number": "{globex_ticket}", "status": "open"},
    ),
    Row(
        "projects.index",
        "GET",
        "/projects",
        expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200),
    ),
    Row(
        "projects.new",
        "GET",
        "/projects/new",
        expect(anonymous=302, technician=403, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200),
        query="client={acme}",
    ),
    Row(
        "projects.add",
        "POST",
        "/projects/new",
        expect(anonymous=302, technician=403, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303),
        form={**SETTINGS, "client_id": "{acme}"},
    ),
    Row(
        "projects.add",
        "POST",
        "/projects/new",
        expect(anonymous=302, technician=403, account_manager=422, rival=303, bookkeeper=403, manager=303, admin=303),
        form={**SETTINGS, "client_id": "{globex}"},
    ),
    *_of_planners("projects.edit", "GET", "edit", 200),
    *_of_planners(
        "projects.update", "POST", "edit", 303, {**SETTINGS, "member_ids": "{manager}", "budget_hours": "40"}
    ),
    *_of_planners("projects.address", "GET", "address", 200),
    Row(
        "desk.project",
        "GET",
        "/projects/{acme_project}",
        expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200),
    ),
    Row(
        "desk.project",
        "GET",
        "/projects/{globex_project}",
        expect(anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=403, manager=200, admin=200),
    ),
    Row(
        "desk.project",
        "GET",
        "/projects/{missing}",
        expect(anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404),
    ),
    Row(
        "desk.add_task",
        "POST",
        "/projects/{acme_project}/tasks",
        expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303),
        form=TASK,
    ),
    Row(
        "desk.add_task",
        "POST",
        "/projects/{globex_project}/tasks",
        expect(anonymous=302, technician=404, account_manager=404, rival=303, bookkeeper=403, manager=303, admin=303),
        form=TASK,
    ),
    Row(
        "desk.add_task",
        "POST",
        "/projects/{missing}/tasks",
        expect(anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404),
        form=TASK,
    ),
    Row(
        "projects.set_address",
        "POST",
        "/projects/{acme_project}/address",
        expect(anonymous=302, technician=403, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303),
        form={"slug": "acme-support"},
    ),
    Row(
        "projects.set_address",
        "POST",
        "/projects/{acme_project}/address",
        expect(anonymous=302, technician=403, account_manager=422, rival=422, bookkeeper=403, manager=422, admin=422),
        form={"slug": "t.1"},
    ),
    Row(
        "projects.set_address",
        "POST",
        "/projects/{globex_project}/address",
        expect(anonymous=302, technician=403, account_manager=404, rival=303, bookkeeper=403, manager=303, admin=303),
        form={"slug": "globex"},
    ),
    Row(
        "projects.set_address",
        "POST",
        "/projects/{missing}/address",
        expect(anonymous=302, technician=403, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404),
        form={"slug": "globex"},
    ),
]

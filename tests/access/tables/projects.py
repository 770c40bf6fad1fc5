"""Who gets what from projects. Globex is restricted to a team that has only the rival."""

from tests.access.rows import Row, expect

TASK = {"title": "Plan the move", "assignee_id": "", "estimate": "1:30", "due_on": "2026-12-01"}

ROWS = [
    Row(
        "projects.index",
        "GET",
        "/projects",
        expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200),
    ),
    Row(
        "projects.add",
        "POST",
        "/projects",
        expect(anonymous=302, technician=403, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303),
        form={"client_id": "{acme}", "name": "Website", "billing": "hourly"},
    ),
    Row(
        "projects.add",
        "POST",
        "/projects",
        expect(anonymous=302, technician=403, account_manager=422, rival=303, bookkeeper=403, manager=303, admin=303),
        form={"client_id": "{globex}", "name": "Website", "billing": "hourly"},
    ),
    Row(
        "projects.show",
        "GET",
        "/projects/{acme_project}",
        expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200),
    ),
    Row(
        "projects.show",
        "GET",
        "/projects/{globex_project}",
        expect(anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=403, manager=200, admin=200),
    ),
    Row(
        "projects.show",
        "GET",
        "/projects/{missing}",
        expect(anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404),
    ),
    Row(
        "projects.add_task",
        "POST",
        "/projects/{acme_project}/tasks",
        expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303),
        form=TASK,
    ),
    Row(
        "projects.add_task",
        "POST",
        "/projects/{globex_project}/tasks",
        expect(anonymous=302, technician=404, account_manager=404, rival=303, bookkeeper=403, manager=303, admin=303),
        form=TASK,
    ),
    Row(
        "projects.add_task",
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

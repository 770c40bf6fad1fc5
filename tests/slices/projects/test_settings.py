"""What a project is set to, and what the audit trail says of it."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import settings
from helpdesk.projects.models import Project
from helpdesk.projects.settings import ProjectSettings
from tests.conftest import NOW


def change(session, project: Project, **changes) -> Project:
    now = settings.settings_of(session, session.get_one(Project, project.id))
    wanted = replace(now, **changes)
    return settings.change_project(session, actor=SYSTEM, now=NOW, project_id=project.id, settings=wanted)


def trail(session) -> list[AuditRow]:
    return list(session.scalars(select(AuditRow).where(AuditRow.action == "changed").order_by(AuditRow.id)))


def test_every_change_is_kept_with_what_was_before_and_the_same_again_leaves_no_trace(session, office):
    wanted = {
        "manager_id": office.manager.id,
        "member_ids": frozenset({office.technician.id, office.manager.id}),
        "due_on": date(2027, 3, 31),
        "budget_seconds": 432_000,
        "max_billable_seconds": 360_000,
        "over_limit": "refuse",
    }

    change(session, office.acme_project, **wanted)
    change(session, office.acme_project, **wanted)
    change(session, office.acme_project, member_ids=frozenset({office.technician.id}))

    first, second = trail(session)
    assert first.data["changes"]["budget_seconds"] == [None, 432_000]
    assert first.data["changes"]["due_on"] == [None, "2027-03-31"]
    both = sorted([office.technician.id, office.manager.id])
    assert second.data["changes"] == {"member_ids": [both, [office.technician.id]]}
    assert settings.member_ids(session, office.acme_project.id) == [office.technician.id]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "needs a name"),
        ({"starts_on": date(2026, 5, 2), "due_on": date(2026, 5, 1)}, "before it starts"),
        ({"budget_seconds": 0}, "more than nothing"),
        ({"status": "gone"}, "no such status"),
        ({"over_limit": "shout"}, "no such status"),
        ({"manager_id": "bookkeeper"}, "does not work on tickets"),
        ({"member_ids": "technician"}, "is not in the team"),
    ],
)
def test_settings_that_make_no_sense_are_refused_and_named(session, office, changes, said):
    if "manager_id" in changes:
        changes = {"manager_id": office.bookkeeper.id}
    if "member_ids" in changes:
        changes = {"member_ids": frozenset({office.technician.id})}

    with pytest.raises(RuleViolation, match=said):
        change(session, office.globex_project, **changes)


def test_triage_stays_what_it_is(session, office):
    with pytest.raises(RuleViolation, match="Triage stays active"):
        change(session, office.triage, status="done")


def test_a_new_project_begins_with_nothing_set(session, office):
    assert settings.settings_of(session, office.acme_project) == ProjectSettings(name="Support")

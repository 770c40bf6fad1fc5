"""Every page that can be looked at: the story's own, and of the access tables those of which it has none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.access.conftest import all_rows
from tests.access.rows import ACTORS, Row

# Answers that are no pages of ours: files, and mail as a stranger wrote it, in a frame of its own.
FILES = {
    "automation.export",
    "desk.live_events",
    "desk.live_timer",
    "desk.preview_mail",
    "desk.preview_pdf",
    "desk.draft_picture",
    "desk.original_mail",
    "desk.bell",
    "desk.find_asker",
    "desk.fresh_parts",
    "desk.mentionable",
    "desk.who_is_there",
    "desk.who_is_where",
    "desk.search_results",
    "desk.complete_search",
    "expenses.receipt",
    "imports.refused",
    "timekeeping.pocket_manifest",
    "timekeeping.pocket_session",
    "timekeeping.pocket_worker",
    "timekeeping.timer",
    "tickets.attachment",
    "tickets.body",
    "tickets.picture",
    "tickets.shown",
    "intake.raw",
    "invoicing.account_pdf",
    "invoicing.pdf",
    "invoicing.why_text",
    "retainers.statement",
    "invoicing.sample_of_template",
}


@dataclass(frozen=True)
class Place:
    """A page: who looks at it, and its path with ids in braces (see ``tests.access.rows``)."""

    actor: str
    path: str

    @property
    def title(self) -> str:
        return f"{self.actor} {self.path}"

    @property
    def shape(self) -> str:
        """What it has in common with the same page of another object, or asked otherwise: the path without ids."""
        return re.sub(r"\{[^}]*\}", "{}", self.path.partition("?")[0])

    @property
    def name(self) -> str:
        """How a picture of it is called."""
        words = self.title.replace("{", "").replace("}", "")
        return "-".join("".join(sign if sign.isalnum() else " " for sign in words).split())


STORY = (
    Place("admin", "/items/{story_ticket}"),
    Place("admin", "/items/{failed_ticket}"),
    Place("admin", "/items/{people_ticket}"),
    Place("admin", "/items/{pictures_ticket}"),
    Place("technician", "/items/{triage_ticket}"),
    Place("manager", "/items/{story_ticket}"),
    Place("manager", "/items/{kuehn_task}"),
    Place("technician", "/items/{kuehn_task}"),
    Place("technician", "/desk"),
    Place("manager", "/desk?view=mine"),
    Place("technician", "/desk?view=unassigned"),
    Place("technician", "/desk?view=waiting"),
    Place("technician", "/desk?view=closed"),
    Place("technician", "/desk?view=spam"),
    Place("admin", "/items/{spam_ticket}"),
    Place("technician", "/desk?view=client&client={kuehn}"),
    Place("technician", "/time"),
    Place("technician", "/time/slipped"),
    Place("admin", "/time"),
    Place("manager", "/time?person={technician}"),
    Place("technician", "/time/entries/{rejected_entry}"),
    Place("bookkeeper", "/"),
    Place("bookkeeper", "/clients/{kuehn}"),
    Place("account_manager", "/"),
    Place("account_manager", "/clients/{kuehn}"),
    Place("admin", "/clients/{kuehn}"),
    Place("admin", "/clients/{heron}"),
    Place("admin", "/projects/{kuehn_project}"),
    Place("admin", "/projects/{kuehn_project}/plan"),
    Place("technician", "/projects/{kuehn_project}/plan?zoom=fit"),
    Place("admin", "/projects/{kuehn_project}/plan/tasks/{plan_task}"),
    Place("admin", "/retainers?month=2026-10"),
    Place("admin", "/retainers/{kuehn_agreement}"),
    Place("admin", "/retainers/{kuehn_agreement}?month=2026-10"),
    Place("bookkeeper", "/invoices/{draft_invoice}"),
    Place("admin", "/invoices/{issued_invoice}"),
    Place("admin", "/invoices/{issued_invoice}/why"),
    Place("bookkeeper", "/invoices/{issued_invoice}/why/line-2"),
    Place("bookkeeper", "/invoices/{draft_invoice}/edit"),
    Place("anonymous", "/proof/{proof_token}"),
    Place("bookkeeper", "/invoices/{issued_invoice}/credit"),
    Place("bookkeeper", "/invoices/{credit_note}"),
    Place("bookkeeper", "/invoices/ageing"),
    Place("bookkeeper", "/clients/{kuehn}/account"),
    Place("admin", "/invoices?state=all"),
    Place("bookkeeper", "/close/2026-10"),
    Place("manager", "/close/2026-11"),
    Place("admin", "/inbound?outcome=quarantined"),
    Place("admin", "/inbound?outcome=held"),
    Place("admin", "/inbound/{erased_mail}"),
    Place("admin", "/inbound/{automatic_mail}"),
    Place("admin", "/imports/{draft_import}"),
    Place("admin", "/imports/{running_import}"),
    Place("admin", "/settings/mailboxes/{mailbox}"),
    Place("admin", "/settings/mailboxes/{oauth_mailbox}"),
    Place("admin", "/expenses/{globex_expense}"),
    Place("technician", "/account/password"),
    Place("admin", "/inbound?outcome=nonsense&mailbox=x&from=2026-02-31&q=%00%25"),
    Place("admin", "/settings/senders?address=nonsense"),
    Place("admin", "/settings/mail-rules/{news_rule}?try=1"),
    Place("admin", "/items/{acme_ticket}/move?project_id={acme_intranet}"),
    Place("admin", "/rates/ask?person_id={technician}&work_type_id=&on=2026-11-17&worked=0:13&number={acme_ticket}"),
    Place("admin", "/tasks?project={acme_project}&who=nobody&sort=changed"),
)


def _seen_by(row: Row) -> str | None:
    """Return who sees the row's page: the administrator if possible, for there is most on it."""
    return next((actor for actor in (ACTORS[-1], *ACTORS) if row.expected[actor] == 200), None)


def _of_the_tables() -> Iterator[Place]:
    for row in all_rows():
        actor = _seen_by(row) if row.method == "GET" and row.endpoint not in FILES else None
        if actor is not None:
            yield Place(actor, row.path + (f"?{row.query}" if row.query else ""))


def places() -> list[Place]:
    """Return every page once: as the story has it in each of its states, else as a table has it first."""
    of_tables: dict[str, Place] = {}
    for place in _of_the_tables():
        of_tables.setdefault(place.shape, place)
    told = {place.shape for place in STORY}
    return [*STORY, *(place for shape, place in of_tables.items() if shape not in told)]


def with_menus() -> set[Place]:
    """Return the pages on which the menus around all pages are looked at, too: one for each who has others."""
    first: dict[str, Place] = {}
    for place in STORY:
        first.setdefault(place.actor, place)
    return set(first.values())

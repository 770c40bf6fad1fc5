"""Which ticket or task a field means: one number, or some letters of its title or its client."""

from helpdesk.infra.db import read_session
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import current_actor
from helpdesk.kernel.errors import NotFound
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.timekeeping.forms import ITEM_LENGTH, EntryForm, RowForm, number_in
from helpdesk.timekeeping.queries import weeks


def item_meant(form: RowForm | EntryForm, field: str) -> WorkItem | None:
    """Return the item that was picked, else the only one that the words in ``field`` can mean.

    None where there is none or several; the form says then what to do.
    """
    session, actor, words = read_session(), current_actor(), form[field].data or ""
    found = weeks.matching_items(session, actor=actor, words=words)
    number = form.pick.data or number_in(words)
    if number and (form.pick.data or not found or any(item.number == number for item in found)):
        try:
            return projects.get_item(session, actor=actor, number=number)
        except NotFound as missing:
            form.refuse(str(missing), field)
            return None
    if len(found) == 1:
        return found[0]
    form.refuse(
        _("Several have these words; choose one.") if found else _("No ticket or task has this number or these words."),
        field,
    )
    return None


def words_of(item: WorkItem) -> str:
    """Return how a field names an item that was found: it is understood again as it stands."""
    return f"#{item.number} \N{MIDDLE DOT} {item.title}"[:ITEM_LENGTH]

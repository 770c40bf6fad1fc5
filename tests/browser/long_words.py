"""The house as people fill it who paste addresses and write without spaces: a word that cannot be broken everywhere."""

from sqlalchemy import Text, column, table, update

from helpdesk.infra.db import db, unit_of_work
from tests.browser.site import Site

LONG = "https://kuehn.example/" + "Donaudampfschifffahrt" * 13
ADDED_TO = {
    "attachments": ("name",),
    "clients": ("name",),
    "contacts": ("name", "title"),
    "draft_files": ("name",),
    "messages": ("text", "reply_text", "trimmed_text"),
    "projects": ("name",),
    "work_items": ("title",),
}


def lengthen(site: Site) -> None:
    """Add a word of some three hundred letters to what others name and write, on all that there is."""
    with site.app.app_context():
        with unit_of_work() as session:
            for name, columns in ADDED_TO.items():
                for each in [column(one, Text) for one in columns]:
                    said = {each.name: each + f" {LONG}"}
                    session.execute(update(table(name, each)).where(each != "").values(said))
        db.session.remove()

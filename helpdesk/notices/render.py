"""Notices in words: a sentence each, on pages and in mails alike."""

from helpdesk.infra.i18n import gettext as _
from helpdesk.notices.models import Notice


def sentence(notice: Notice) -> str:
    """Return what a notice tells."""
    words = {"author": notice.author or "Helpdesk", "title": notice.title}
    said = {
        "assigned": lambda: _("%(author)s assigned %(title)s to you", **words),
        "mentioned": lambda: _("%(author)s mentioned you on %(title)s", **words),
        "reply": lambda: _("%(author)s wrote on %(title)s", **words),
        "at_risk": lambda: _("Service level of %(title)s", **words),
        "rejected": lambda: _("%(author)s rejected %(title)s", **words),
        "new_ticket": lambda: _("New ticket %(title)s", **words),
    }
    return said[notice.kind]() if notice.kind in said else notice.title


def kind_names() -> dict[str, str]:
    """Return of what one can be told, as the page of choices says it."""
    return {
        "assigned": _("A ticket or task is assigned to me"),
        "mentioned": _("Somebody mentions me in a note"),
        "reply": _("Somebody writes on what is mine or what I follow"),
        "at_risk": _("A promised time is at risk on what is mine or what I follow"),
        "rejected": _("My time or an expense of mine came back"),
        "retainer": _("Hours of a retainer or a budget that I look after run out"),
        "new_ticket": _("A new ticket came that nobody has"),
    }

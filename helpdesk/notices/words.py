"""What the page of choices calls things."""

from helpdesk.infra.i18n import gettext as _


def kind_names() -> dict[str, str]:
    """Return of what one can be told, as the page of choices says it."""
    return {
        "assigned": _("A ticket or task is assigned to me"),
        "team": _("A ticket or task that nobody has is given to a team of mine"),
        "mentioned": _("Somebody mentions me in a note"),
        "reply": _("Somebody writes on what is mine or what I follow"),
        "undelivered": _("A mail that I sent did not arrive"),
        "at_risk": _("A promised time is at risk on what is mine or what I follow"),
        "rejected": _("My time or an expense of mine came back"),
        "retainer": _("Hours of a retainer or a budget that I look after run out"),
        "new_ticket": _("A new ticket came that nobody has"),
    }


def browser_name(user_agent: str) -> str:
    """Return what a browser calls itself as people call it: ``Firefox on Android``; others as some browser."""
    browsers = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {
        "Android": "Android",
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Windows": "Windows",
        "Mac OS": "macOS",
        "Linux": "Linux",
    }
    browser = next((name for mark, name in browsers.items() if mark in user_agent), _("A browser"))
    system = next((name for mark, name in systems.items() if mark in user_agent), "")
    return _("%(browser)s on %(system)s", browser=browser, system=system) if system else browser

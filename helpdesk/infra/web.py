"""What every page needs and no slice owns: the nonce CSP, security headers, filters, small answers."""

import secrets
from datetime import date, datetime
from decimal import Decimal
from typing import cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.infra import links
from helpdesk.infra.forms import FORM_KEY
from helpdesk.infra.i18n import reader_locale
from helpdesk.infra.sent_forms import form_key
from helpdesk.kernel.dates import format_day
from helpdesk.kernel.durations import format_hm, format_hms
from helpdesk.kernel.money import Money, exponent_of, format_money
from helpdesk.kernel.periods import zone_named
from helpdesk.kernel.written_links import linked

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def csrf_field() -> Markup:
    """Return the fields by which a form says that it is ours, and which; all forms of a page have the same ones."""
    if "csrf_field" not in g:
        hidden = Markup('<input type="hidden" name="{}" value="{}">')
        g.csrf_field = hidden.format("csrf_token", generate_csrf()) + hidden.format(FORM_KEY, form_key())
    return cast("Markup", g.csrf_field)


def csp_nonce() -> str:
    """Return this request's nonce for script elements."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def content_security_policy(*, workers: bool = False) -> str:
    """Return the policy of our own pages: scripts and style elements by nonce only, nothing from anywhere.

    ``workers``: the page may have a service worker of ours registered.
    """
    nonce = csp_nonce()
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; "
        "font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ) + ("; worker-src 'self'" if workers else "")


def add_security_headers(response: Response) -> Response:
    """Add the headers of every answer; a view that set its own policy keeps it."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", content_security_policy())
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def is_htmx() -> bool:
    """Whether htmx asks for a fragment to swap."""
    return request.headers.get("HX-Request") == "true"


def fragment(template: str, **values: object) -> str:
    """Return a part of a page alone: without what the frame around it would ask of the database."""
    return current_app.jinja_env.get_template(template).render(**values)


def own_path(target: str | None) -> str | None:
    """Return ``target`` if it is a path of ours, else None: no redirect ever leaves the house."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc or any(ord(sign) < 32 for sign in target) else target  # noqa: PLR2004


def back_or(endpoint: str, **values: object) -> BaseResponse:
    """Redirect (303) to the form's own ``next`` path, or to ``endpoint``."""
    return redirect(own_path(request.form.get("next")) or url_for(endpoint, **values), code=303)  # type: ignore[arg-type]


def came_from() -> str | None:
    """Return the page on which a form stood that is answered at an address of no page; None elsewhere.

    A refused form is shown again by the address that it was sent to. Where that answers no GET, this is what leads
    back: reloading, asking again (static/place.js) and the timer's way back. Unknown where it stood: the start page.
    """
    routes = current_app.create_url_adapter(request) if request.method == "POST" else None
    if routes is None or routes.test(request.path, "GET"):
        return None
    parts = urlsplit(request.referrer or "")
    path = own_path(parts.path) if parts.netloc == request.host else None
    if path is None or not routes.test(path, "GET"):
        return "/"
    return f"{path}?{parts.query}" if parts.query else path


def zone() -> ZoneInfo:
    """Return the zone on whose clock the reader is; UTC for strangers.

    Of moments alone: days of work and of money are those of the client or of the house (docs/desk.md rule 104).
    """
    return zone_named(g.get("time_zone") or "UTC")


def money_filter(amount_minor: int, currency: str) -> str:
    """Return an amount as people write it in their language: 1234567 EUR → €12,345.67."""
    return format_money(Money(amount_minor, currency), reader_locale() or "en")


def amount_filter(amount_minor: int, currency: str) -> str:
    """Return an amount without the sign of its currency: 1234567 EUR → 12,345.67."""
    decimals = exponent_of(currency)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(Decimal(amount_minor).scaleb(-decimals), format=pattern, locale=get_locale())


def day_filter(value: date | datetime, pattern: str = "d MMM y") -> str:
    """Return a date in the reader's language; an instant first moves to the reader's zone."""
    local = value.astimezone(zone()).date() if isinstance(value, datetime) else value
    return format_day(local, pattern, reader_locale() or "en")


def time_filter(value: datetime) -> str:
    """Return the time of day of an instant in the reader's zone, as 08:30."""
    return f"{value.astimezone(zone()):%H:%M}"


def linked_filter(text: str) -> Markup:
    """Return what somebody wrote with its addresses as links (docs/desk.md rule 123)."""
    return Markup(linked(text))  # noqa: S704 - all escaped


def instant_filter(value: datetime) -> str:
    """Return day and time of an instant in the reader's zone."""
    return f"{day_filter(value)}, {time_filter(value)}"


def mount(app: Flask) -> None:
    """Give ``app`` the headers, the filters and the globals that templates use."""
    app.after_request(add_security_headers)
    app.jinja_env.globals.update(
        addresses_of=links.addresses_of,
        csp_nonce=csp_nonce,
        draw_csrf=csrf_field,
        came_from=came_from,
        reader_zone=zone,
        draw_icon=links.icon,
        get_locale=get_locale,
        icons_url=links.icons_url,
        url_for=links.url_for,
    )
    app.jinja_env.filters.update(
        money=money_filter,
        amount=amount_filter,
        duration=format_hm,
        duration_seconds=format_hms,
        day=day_filter,
        time_of_day=time_filter,
        instant=instant_filter,
        linked=linked_filter,
    )

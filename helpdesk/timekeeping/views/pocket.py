"""Routes of the pocket timer: a page that works without a network (docs/operations.md "The pocket timer")."""

from pathlib import Path

from flask import Response, current_app, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy, public
from helpdesk.timekeeping.views.blueprint import bp

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No nonce: the page lies on the device, and a number that is used once would be used for weeks."""
ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("mask-512.png", "512x512", "maskable"),
)


@bp.get("/pocket/")
@public
def pocket() -> Response:
    """Show the pocket timer, the same for everybody: what it knows comes from the device and from the server."""
    page = current_app.make_response(render_template("timekeeping/pocket.html"))
    page.headers["Content-Security-Policy"] = POLICY
    return page


@bp.get("/pocket/worker.js")
@public
def pocket_worker() -> Response:
    """Return the service worker, from the folder that it is in charge of and from no other."""
    text = Path(current_app.static_folder or "", "pocket", "worker.js").read_text(encoding="utf-8")
    script = Response(text, mimetype="text/javascript")
    script.headers["Cache-Control"] = "no-cache"
    script.headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'; script-src 'self'"
    return script


@bp.get("/pocket/manifest.webmanifest")
@public
def pocket_manifest() -> Response:
    """Return what a device asks to know before it installs the timer."""
    answer = jsonify(
        id="/pocket/",
        name=_("Helpdesk timer"),
        short_name=_("Timer"),
        start_url=url_for("timekeeping.pocket"),
        scope="/",
        display="standalone",
        background_color="#ffffff",
        theme_color="#2152cc",
        icons=[
            {
                "src": url_for("static", filename=f"pocket/{file}"),
                "sizes": sizes,
                "type": "image/png",
                "purpose": purpose,
            }
            for file, sizes, purpose in ICONS
        ],
    )
    answer.mimetype = "application/manifest+json"
    return answer


@bp.get("/pocket/session")
@policy(DESK)
def pocket_session() -> ResponseReturnValue:
    """Return what a device needs to send events: whose they are, and the form's token."""
    return jsonify(person=current_actor().person_id, token=generate_csrf())

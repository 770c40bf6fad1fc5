"""The factory: settings in, Flask application out. The only importer of views, and the one map from errors to HTTP."""

from datetime import datetime
from importlib import import_module
from pathlib import Path

from babel import Locale
from flask import Flask, Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_login import LoginManager, current_user
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from jinja2 import StrictUndefined
from markupsafe import Markup
from sqlalchemy.exc import DataError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from helpdesk.accounts import service as accounts
from helpdesk.automation import happenings
from helpdesk.desk import shell
from helpdesk.desk.file_kinds import kind_of
from helpdesk.infra import assets, attributes, clock, compressing, marks, parts, web
from helpdesk.infra.db import db, read_session
from helpdesk.infra.drawing import Compiled, PageEnvironment
from helpdesk.infra.engine import prepare_engine
from helpdesk.infra.export.views import export_of_page
from helpdesk.infra.i18n import TRANSLATIONS
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import mount as mount_words
from helpdesk.infra.sent_forms import SentBefore
from helpdesk.infra.settings import Settings, load
from helpdesk.kernel.errors import Conflict, Denied, ExternalFailure, HelpdeskError, NotFound, RuleViolation
from helpdesk.projects import marks as item_marks
from helpdesk.sla import noticing
from helpdesk.tickets.domain import in_megabytes, most_megabytes
from helpdesk.tickets.service import finding

ROOT = Path(__file__).parents[1]
MODEL_SLICES = (
    "infra",
    "company",
    "accounts",
    "clients",
    "outbox",
    "notices",
    "projects",
    "tickets",
    "sla",
    "satisfaction",
    "rates",
    "timekeeping",
    "expenses",
    "automation",
    "proposals",
    "retainers",
    "invoicing",
    "intake",
    "imports",
)
VIEW_MODULES = (
    "helpdesk.infra.views",
    "helpdesk.company.views",
    "helpdesk.accounts.views",
    "helpdesk.clients.views",
    "helpdesk.outbox.views",
    "helpdesk.notices.views",
    "helpdesk.projects.views",
    "helpdesk.tickets.views",
    "helpdesk.sla.views",
    "helpdesk.satisfaction.views",
    "helpdesk.rates.views",
    "helpdesk.timekeeping.views",
    "helpdesk.expenses.views",
    "helpdesk.automation.views",
    "helpdesk.proposals.views",
    "helpdesk.retainers.views",
    "helpdesk.invoicing.views",
    "helpdesk.intake.views",
    "helpdesk.imports.views",
    "helpdesk.desk.views",
    "helpdesk.desk.first_run",
)
STATUS = {NotFound: 404, Denied: 403, Conflict: 409, RuleViolation: 422, ExternalFailure: 502}
LANGUAGES = {"en": Locale("en")}
"""What the pages speak. Letters to clients speak more, see `helpdesk.infra.i18n.letter_language`."""
UPLOAD_BYTES = 32 * 1024 * 1024
"""What a form may have with its files."""
LARGEST_BYTES = 100 * 1024 * 1024
"""What the form of a message may have from somebody who is signed in: so much is read, to say which file is too large,
and to keep all the rest (docs/answering.md rule 14)."""
FORMS_OF_MESSAGES = frozenset(
    f"desk.{name}"
    for name in ("reply", "add_note", "save_draft", "add_files", "add_picture", "open_ticket", "add_form_files")
)

csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application for ``settings`` (by default those of the environment).

    Raises:
        SettingsError: the environment cannot be started in; every fault is named.
    """
    settings = settings or load()
    app = Flask(__name__, template_folder=str(ROOT / "templates"))
    app.jinja_environment = PageEnvironment
    app.jinja_options = {**app.jinja_options, "bytecode_cache": Compiled(ROOT / "templates" / "__pycache__")}
    _configure(app, settings)
    for name in MODEL_SLICES:
        import_module(f"helpdesk.{name}.models")
    noticing.watch()
    happenings.watch()
    finding.watch()
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    Migrate(app, db, directory=str(ROOT / "migrations"))
    app.before_request(_let_be_read)  # before anybody reads the form
    csrf.init_app(app)
    csrf.exempt("helpdesk.invoicing.views.proof.ask")  # its form checks the token: its page sends no referrer
    Babel(app, locale_selector=_language)
    mount_words(app)
    _mount_sign_in(app)
    compressing.mount(app)
    web.mount(app)
    parts.mount(app)
    assets.mount(app)
    attributes.mount()
    app.jinja_env.globals.update(
        export_of_page=export_of_page,
        draw_avatar=marks.avatar,
        draw_moment=_moment,
        draw_status=item_marks.status,
        draw_tag=marks.tag,
        kind_of_file=kind_of,
        draw_priority=item_marks.priority,
        word_of_status=item_marks.status_label,
    )
    app.context_processor(lambda: shell.context(clock.now()))
    for module in VIEW_MODULES:
        app.register_blueprint(import_module(module).bp)
    _map_errors(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_recycle": 3600},
        REDIS_URL=settings.redis_url,
        BASE_URL=settings.base_url,
        BLOB_ROOT=str(settings.blob_root),
        MAX_CONTENT_LENGTH=UPLOAD_BYTES,
        SESSION_COOKIE_NAME="helpdesk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.secure_cookies,
        BABEL_TRANSLATION_DIRECTORIES=str(TRANSLATIONS),
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")


def _mount_sign_in(app: Flask) -> None:
    """Let Flask-Login read who is signed in from our own session rows, and put the actor on ``g``."""
    manager = LoginManager(app)
    manager.session_protection = None  # our rows know when and where a session began
    manager.user_loader(lambda token: accounts.signed_in(read_session(), token=token, now=clock.now()))

    @app.before_request
    def _who() -> None:
        g.actor = None
        if request.endpoint != "static" and current_user.is_authenticated:
            g.actor = current_user.actor
            g.time_zone = current_user.time_zone
            g.language = current_user.language


def _let_be_read() -> None:
    """Let the form of a message be read whole, also where its files are too large."""
    is_large = (request.content_length or 0) > UPLOAD_BYTES and request.endpoint in FORMS_OF_MESSAGES
    if is_large and current_user.is_authenticated:
        request.max_content_length = LARGEST_BYTES


def _moment(instant: datetime, shape: str = "datetime", **attributes: str) -> Markup:
    """Return an instant as pages draw it, now."""
    return marks.moment(instant, shape, now=clock.now(), **attributes)


def _language() -> Locale | None:
    """Return the person's language if the pages speak it, else what the browser and the pages have in common."""
    own: str | None = g.get("language")
    return LANGUAGES.get(own or "") or LANGUAGES.get(request.accept_languages.best_match(LANGUAGES) or "")


def _map_errors(app: Flask) -> None:
    @app.errorhandler(HelpdeskError)
    def _ours(error: HelpdeskError) -> tuple[str, int]:
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
        return _page(status, str(error))

    @app.errorhandler(SentBefore)
    def _sent_before(sent: SentBefore) -> ResponseReturnValue:
        flash(_("This came twice, and is done once. To do it again, do it on this page."), "accent")
        return redirect(sent.leads_to, code=303)

    @app.errorhandler(StaleDataError)
    def _stale(_error: StaleDataError) -> tuple[str, int]:
        return _page(409, "Somebody else changed this in the meantime. Reload it and try again; nothing was saved.")

    @app.errorhandler(OverflowError)
    @app.errorhandler(DataError)
    def _too_large(_error: Exception) -> tuple[str, int]:
        return _page(404, NOT_FOUND)  # a number or a day in an address that no database has

    @app.errorhandler(CSRFError)
    def _csrf(_error: CSRFError) -> tuple[str, int]:
        return _page(400, "This form is no longer valid. Go back, reload the page and send it again.")

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> tuple[str, int] | Response:
        if error.code is None or error.code < 400:  # noqa: PLR2004 - redirects pass through
            return error.get_response()  # type: ignore[return-value]
        if isinstance(error, RequestEntityTooLarge):
            return _page(413, _words_of_size(), back=web.came_from())
        return _page(error.code, NOT_FOUND if error.code == 404 else error.description or error.name)  # noqa: PLR2004


def _words_of_size() -> str:
    """Return what is told of a form that is too large to be read."""
    return _(
        "What was sent has %(size)s; at most %(most)s can be read, and %(files)s of files go along with one message. "
        "Nothing of it was stored. What was kept as a draft before is still there: go back and send smaller files.",
        size=in_megabytes(request.content_length or 0),
        most=in_megabytes(request.max_content_length or UPLOAD_BYTES),
        files=most_megabytes(),
    )


NOT_FOUND = "There is nothing here, or it is not for you."


def _title(status: int) -> str:
    """Return what an error page says above its message."""
    titles = {
        400: _("That did not arrive as it should"),
        403: _("Not part of your role"),
        404: _("Nothing here"),
        409: _("Somebody was faster"),
        410: _("No longer here"),
        413: _("Too large"),
        422: _("That cannot be done like this"),
        429: _("Too often"),
        502: _("Another server did not answer"),
    }
    return titles.get(status, _("Something went wrong"))


def _page(status: int, message: str, *, back: str | None = None) -> tuple[str, int]:
    """Return the error page, with the way ``back``; somebody else's object and a missing one look the same (404)."""
    text = NOT_FOUND if status == 404 else message  # noqa: PLR2004
    template = "errors/_notice.html" if web.is_htmx() else "errors/error.html"
    return render_template(template, status=status, title=_title(status), message=text, back=back), status

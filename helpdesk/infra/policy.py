"""Who may do what: roles as strings, the acting person as a value, and the policy that each route declares.

The full table role × power stands in the README; the expected answers of every route in tests/access.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from helpdesk.kernel.errors import Denied

P = ParamSpec("P")
R = TypeVar("R")

ADMIN = "admin"
MANAGER = "manager"
ACCOUNT_MANAGER = "account_manager"
BOOKKEEPER = "bookkeeper"
TECHNICIAN = "technician"

STAFF = frozenset({ADMIN, MANAGER, ACCOUNT_MANAGER, BOOKKEEPER, TECHNICIAN})
DESK = frozenset({ADMIN, MANAGER, ACCOUNT_MANAGER, TECHNICIAN})
APPROVERS = frozenset({ADMIN, MANAGER})
COSTS = frozenset({ADMIN, MANAGER})
RATES = frozenset({ADMIN, MANAGER, ACCOUNT_MANAGER})
RETAINERS = frozenset({ADMIN, MANAGER, ACCOUNT_MANAGER})
INVOICES = frozenset({ADMIN, MANAGER, ACCOUNT_MANAGER, BOOKKEEPER})
MONTH_END = frozenset({ADMIN, MANAGER, BOOKKEEPER})
LOCKS = MONTH_END
"""Who sets lock dates."""
LOCKED_TIME = frozenset({ADMIN, MANAGER})
"""Who may still change time of locked days, with a reason."""
CLIENTS_EDIT = frozenset({ADMIN, MANAGER})
SETTINGS = frozenset({ADMIN})


@dataclass(frozen=True)
class Actor:
    """Who acts: a signed-in person, or the system itself (a job, a command). A value, free of any session."""

    kind: str
    name: str
    role: str
    person_id: int | None = None
    team_ids: frozenset[int] = field(default_factory=frozenset)

    @property
    def sees_all_clients(self) -> bool:
        """Whether no restriction of a client to a team applies."""
        return self.kind == "system" or self.role in {ADMIN, MANAGER, BOOKKEEPER}

    def is_one_of(self, roles: frozenset[str]) -> bool:
        """Whether the actor has one of ``roles``; the system may do everything."""
        return self.kind == "system" or self.role in roles


SYSTEM = Actor(kind="system", name="Helpdesk", role=ADMIN)


@dataclass(frozen=True)
class Policy:
    """What a route declares: the roles that may enter, or that it is open to everybody."""

    roles: frozenset[str]
    public: bool = False


def policy(roles: frozenset[str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only ``roles`` into the view: strangers go to the sign-in page, other roles are refused."""

    def declare(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = g.get("actor")
            if actor is None:
                return cast("R", to_sign_in())
            if not actor.is_one_of(roles):
                message = "Your role does not include this page."
                raise Denied(message)
            return view(*args, **kwargs)

        cast("Any", guarded).policy = Policy(roles)
        return guarded

    return declare


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Declare that anybody may enter the view."""
    cast("Any", view).policy = Policy(frozenset(), public=True)
    return view


def current_actor() -> Actor:
    """Return who is signed in; only views behind :func:`policy` may ask.

    Raises:
        Denied: nobody is signed in.
    """
    actor = g.get("actor")
    if actor is None:
        message = "Please sign in."
        raise Denied(message)
    return cast("Actor", actor)


def to_sign_in() -> Response:
    """Return the redirect to the sign-in page that leads back here afterwards."""
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    response = redirect(url_for("accounts.sign_in", next=back))
    if request.headers.get("HX-Request"):
        response = Response(status=401, headers={"HX-Redirect": url_for("accounts.sign_in")})
    return response

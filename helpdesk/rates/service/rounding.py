"""How worked time becomes billed time, by client and by agreement, from a day on (docs/billing.md rule 4)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.db import foreseen
from helpdesk.infra.policy import Actor
from helpdesk.kernel.durations import MINUTE, RoundingMode
from helpdesk.kernel.errors import RuleViolation
from helpdesk.rates.domain import RoundingPolicy, RoundingScope
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.rates.service.rules import check_day, check_scope

MOST_STEP_MINUTES = 1440
MOST_MINIMUM_MINUTES = 1440
MOST_GRACE_SECONDS = 3600


Finder = Callable[[int | None, int | None, date], int | None]
"""From project, work type and day of the work to the agreement that covers it."""

Covering = Callable[[Session, int], Finder]

_covering: list[Covering] = []


def name_covering(covering: Covering) -> None:
    """Tell how to find the agreement that covers work of a client: (session, client) -> a finder."""
    _covering[:] = [covering]


class RoundingRules:
    """All policies, read once, and which of them counts for which work; for as long as one call lasts."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows = _rows(session)
        self._finders: dict[int, Finder] = {}

    def of(
        self, *, client_id: int, on: date, project_id: int | None = None, work_type_id: int | None = None
    ) -> RoundingPolicyRow | None:
        """Return the rounding of work on a day: of the agreement that covers it, the client, all, or None."""
        agreement_id = None
        if _covering and any(row.agreement_id is not None for row in self._rows):
            if client_id not in self._finders:
                self._finders[client_id] = _covering[0](self._session, client_id)
            agreement_id = self._finders[client_id](project_id, work_type_id, on)
        return rounding_of(self._rows, client_id=client_id, on=on, agreement_id=agreement_id)


def _rows(session: Session) -> Sequence[RoundingPolicyRow]:
    known: Sequence[RoundingPolicyRow] | None = foreseen(session, "rounding", otherwise=None)
    return known if known is not None else models_of(session, policies_asked())


def policies_asked() -> Select[RoundingPolicyRow]:
    """Return the question for all rounding policies, to be asked together with others."""
    return select(RoundingPolicyRow)


def rounding_for(
    session: Session, *, client_id: int, on: date, project_id: int | None = None, work_type_id: int | None = None
) -> RoundingPolicyRow | None:
    """Return the rounding of one piece of work; for many of them there is `RoundingRules`."""
    rules = RoundingRules(session)
    return rules.of(client_id=client_id, on=on, project_id=project_id, work_type_id=work_type_id)


def rounding_of(
    rows: Iterable[RoundingPolicyRow], *, client_id: int, on: date, agreement_id: int | None = None
) -> RoundingPolicyRow | None:
    """Return which of many policies is in force for a client on a day; the latest of the narrowest wins.

    A policy of an agreement counts for that agreement alone, and before its client's.
    """
    begun = [
        row
        for row in rows
        if row.effective_on <= on
        and (row.agreement_id == agreement_id if row.agreement_id is not None else row.client_id in {client_id, None})
    ]
    return max(
        begun,
        key=lambda row: (row.agreement_id is not None, row.client_id is not None, row.effective_on, row.id),
        default=None,
    )


def policy_of(row: RoundingPolicyRow | None) -> RoundingPolicy:
    """Return a stored policy as the pure engine takes it; None is each started minute of each entry."""
    if row is None:
        return RoundingPolicy()
    return RoundingPolicy(
        mode=RoundingMode(row.mode),
        step_seconds=row.step_minutes * MINUTE,
        minimum_seconds=row.minimum_minutes * MINUTE,
        grace_seconds=row.grace_seconds,
        scope=RoundingScope(row.scope),
    )


def set_rounding(  # noqa: PLR0913 - a policy has that many facts
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    effective_on: date,
    mode: str,
    client_id: int | None = None,
    agreement_id: int | None = None,
    step_minutes: int = 1,
    minimum_minutes: int = 0,
    scope: str = "entry",
    grace_seconds: int = 0,
) -> RoundingPolicyRow:
    """Say how time is rounded for a client, or with None for all that have nothing of their own, from a day on.

    With ``agreement_id``, an agreement of that client, it is for what the agreement covers. Time that is approved
    already keeps what it bills (rule 4).

    Raises:
        NotFound: no such client, or not for this actor.
        Denied: the default of all, by somebody who is not a manager.
        RuleViolation: a word or number that no policy has, or there is one from that day.
    """
    check_scope(session, actor, client_id=client_id, project_id=None)
    check_day(effective_on)
    _check(mode=mode, scope=scope, step_minutes=step_minutes, minimum_minutes=minimum_minutes, grace=grace_seconds)
    row = RoundingPolicyRow
    owner = None if agreement_id is not None else client_id
    same = (row.client_id.is_not_distinct_from(owner), row.agreement_id.is_not_distinct_from(agreement_id))
    if session.scalar(select(row.id).where(*same, row.effective_on == effective_on).limit(1)) is not None:
        message = f"There is a rounding from {effective_on} already; choose a later day."
        raise RuleViolation(message, field="effective_on")
    policy = RoundingPolicyRow(
        client_id=owner,
        agreement_id=agreement_id,
        mode=mode,
        step_minutes=step_minutes,
        minimum_minutes=minimum_minutes,
        scope=scope,
        grace_seconds=grace_seconds,
        effective_on=effective_on,
        created_at=now,
    )
    session.add(policy)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="set",
        kind="rounding",
        object_id=policy.id,
        now=now,
        client_id=client_id,
        agreement_id=agreement_id,
        mode=mode,
        step_minutes=step_minutes,
        scope=scope,
        effective_on=str(effective_on),
    )
    return policy


def _check(*, mode: str, scope: str, step_minutes: int, minimum_minutes: int, grace: int) -> None:
    if mode not in set(RoundingMode) or scope not in set(RoundingScope):
        message = "Rounding goes up, down, to the nearest step or not at all; once an entry, a day or a ticket."
        raise RuleViolation(message)
    if not 1 <= step_minutes <= MOST_STEP_MINUTES:
        message = f"A step has 1 to {MOST_STEP_MINUTES} minutes."
        raise RuleViolation(message, field="step_minutes")
    if not 0 <= minimum_minutes <= MOST_MINIMUM_MINUTES:
        message = f"A minimum has 0 to {MOST_MINIMUM_MINUTES} minutes."
        raise RuleViolation(message, field="minimum_minutes")
    if not 0 <= grace <= MOST_GRACE_SECONDS:
        message = f"Grace has 0 to {MOST_GRACE_SECONDS} seconds."
        raise RuleViolation(message, field="grace_seconds")
    if grace and mode != "up":
        message = "Grace is a part of rounding up: what is a little over a step is dropped. Set it to 0."
        raise RuleViolation(message, field="grace_seconds")

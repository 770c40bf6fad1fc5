"""How the entries behind a line were rounded: alone, or together with their day, ticket or chain (rule 10)."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.invoicing.domain.explaining import Rounded
from helpdesk.kernel.periods import Month, local_day, local_month
from helpdesk.projects.models import Project
from helpdesk.rates.domain import RoundingPolicy, RoundingScope
from helpdesk.rates.service import policy_of
from helpdesk.timekeeping.charging import APPROVED
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as timekeeping
from helpdesk.timekeeping.service.pricing import chains

Groups = Mapping[int, Rounded]


def groups_of(
    session: Session,
    entries: Sequence[TimeEntry],
    *,
    client_id: int,
    zone: ZoneInfo,
    policies: Mapping[int, RoundingPolicy],
) -> Groups:
    """Return by entry what it was rounded with: the policy of its approval, and what its group came to."""
    shared = [entry for entry in entries if _policy(entry, policies).scope is not RoundingScope.ENTRY]
    beside = _beside(session, shared, client_id=client_id, zone=zone, policies=policies)
    resumed = [entry for entry in entries if not _is_simple(entry, policies)]
    links = chains(session, resumed) if resumed else {}
    found: dict[int, Rounded] = {}
    for entry in entries:
        policy = _policy(entry, policies)
        if policy.scope is RoundingScope.ENTRY:
            members = links.get(entry.id, [entry])
        else:
            members = beside[_key(entry, policy.scope, zone)] or [entry]
        found[entry.id] = Rounded(
            policy,
            worked_seconds=sum(timekeeping.worked_of(each).seconds for each in members),
            billed_seconds=sum(each.billable_seconds or 0 for each in members),
            members=len(members),
        )
    return found


def _policy(entry: TimeEntry, policies: Mapping[int, RoundingPolicy]) -> RoundingPolicy:
    return policies.get(entry.rounding_policy_id or 0) or policy_of(None)


def _is_simple(entry: TimeEntry, policies: Mapping[int, RoundingPolicy]) -> bool:
    """Whether the entry alone comes to what it bills: then nobody asks for others that it was rounded with."""
    policy = _policy(entry, policies)
    alone = policy.billable_seconds(timekeeping.worked_of(entry).seconds) == entry.billable_seconds
    return policy.scope is not RoundingScope.ENTRY or alone


def _beside(
    session: Session,
    entries: Sequence[TimeEntry],
    *,
    client_id: int,
    zone: ZoneInfo,
    policies: Mapping[int, RoundingPolicy],
) -> Mapping[tuple[Hashable, ...], list[TimeEntry]]:
    """Return by group the approved entries of the client that the same policy rounded on the same days or tickets."""
    found: dict[tuple[Hashable, ...], list[TimeEntry]] = defaultdict(list)
    if not entries:
        return found
    months = [Month.of(local_day(entry.started_at, zone)) for entry in entries]
    query = timekeeping.with_work().where(
        Project.client_id == client_id,
        TimeEntry.rounding_policy_id.in_({entry.rounding_policy_id for entry in entries}),
        TimeEntry.billable == "billable",
        TimeEntry.status.in_(APPROVED),
        TimeEntry.started_at >= min(months).instants(zone)[0],
        TimeEntry.started_at < max(months).instants(zone)[1],
    )
    for entry in session.scalars(query.order_by(TimeEntry.started_at, TimeEntry.id)):
        found[_key(entry, _policy(entry, policies).scope, zone)].append(entry)
    return found


def _key(entry: TimeEntry, scope: RoundingScope, zone: ZoneInfo) -> tuple[Hashable, ...]:
    if scope is RoundingScope.DAY:
        return ("day", entry.rounding_policy_id, entry.person_id, local_day(entry.started_at, zone))
    return ("ticket", entry.rounding_policy_id, entry.work_item_id, local_month(entry.started_at, zone))

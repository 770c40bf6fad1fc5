"""What a slice above says about time beyond what was agreed with a client (docs/billing.md rule 14).

Time is never refused by it, only approvals are. The slice that knows agreements tells with `register` how it answers.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from helpdesk.infra.ahead import Question
from helpdesk.timekeeping.models import TimeEntry


@dataclass(frozen=True, slots=True)
class Cap:
    """How one kind of agreement answers.

    ``refusal`` says why entries, which count as approved already, cannot be; it is empty where they can. ``warnings``
    are what to tell, by id, with those that one act begins, writes, submits or approves; ``remarks`` are what stands
    out about entries that wait; ``questions`` are what it asks whatever these are. What nothing is to be said of is in
    neither. ``lock`` keeps two approvals from filling the same room, and asks for ids.
    """

    refusal: Callable[[Session, Sequence[TimeEntry]], str]
    warnings: Callable[[Session, Sequence[TimeEntry]], Mapping[int, str]]
    remarks: Callable[[Session, Sequence[TimeEntry]], Mapping[int, str]]
    questions: Callable[[], Sequence[Question]]
    lock: Callable[[Session, Collection[int]], object]


_caps: list[Cap] = []


def register(cap: Cap) -> None:
    """Tell how agreements with clients answer."""
    _caps[:] = [cap]


def lock(session: Session, entry_ids: Collection[int]) -> None:
    """Lock what the caps of entries are counted in; before the entries, in the order of the close of a month."""
    for cap in _caps:
        cap.lock(session, entry_ids)


def refusal(session: Session, entries: Sequence[TimeEntry]) -> str:
    """Return why entries that count as approved cannot be; empty where they can."""
    return next(filter(None, (cap.refusal(session, entries) for cap in _caps)), "")


def warnings(session: Session, entries: Sequence[TimeEntry]) -> dict[int, str]:
    """Return by id what to tell with billable time beyond a cap; where something is left, nothing."""
    return {entry_id: told for cap in _caps for entry_id, told in cap.warnings(session, entries).items()}


def questions() -> list[Question]:
    """Return what `remarks` asks whatever entries wait, to be asked ahead."""
    return [question for cap in _caps for question in cap.questions()]


def remarks(session: Session, entries: Sequence[TimeEntry]) -> dict[int, str]:
    """Return by id what stands out about entries that wait; what fits has nothing."""
    return {entry_id: remark for cap in _caps for entry_id, remark in cap.remarks(session, entries).items()}

"""Use cases of staff: sign in and out, sessions that rotate, limits on guessing, people and teams."""

import hashlib
import secrets
from base64 import b64encode
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.low_level import ARGON2_VERSION
from flask_login import UserMixin
from sqlalchemy import Select, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person, PersonSession, SignInAttempt, Team, TeamMember
from helpdesk.accounts.queries import zone_column
from helpdesk.company import service as company
from helpdesk.company.models import OWN_ID, Company
from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of, rows_of
from helpdesk.infra.policy import ADMIN, STAFF, SYSTEM, Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.periods import zone_named

SESSION_LIFETIME = timedelta(days=14)
IDLE_LIMIT = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
ATTEMPT_WINDOW = timedelta(minutes=15)
ATTEMPTS_AN_ACCOUNT = 5
ATTEMPTS_AN_ADDRESS = 50
KEY_CHARACTERS = 200
PASSWORD_LENGTH = 12  # OWASP ASVS 5.0 6.2.1 asks for 8, recommends more

_hasher = PasswordHasher()


def matching_nothing(hasher: PasswordHasher) -> str:
    """Return a hash that takes ``hasher`` as long to compare as any of its own, and that no password is known for."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"


_hash_of_nobody = matching_nothing(_hasher)  # so that an unknown account costs the same time


@dataclass(frozen=True)
class SignedIn(UserMixin):  # type: ignore[misc]
    """Who is behind a session: what Flask-Login keeps as ``current_user``. ``get_id`` is the session's token."""

    token: str
    actor: Actor
    email: str
    time_zone: str
    language: str
    last_seen_at: datetime
    notes_reading: bool
    dense_rows: bool
    plain_box: bool
    keys: Mapping[str, str]
    single_keys: bool

    def get_id(self) -> str:
        """Return the token that the cookie carries."""
        return self.token


@dataclass(frozen=True)
class Examination:
    """What an attempt to sign in is held against. ``person_id`` is None where nobody has that address."""

    person_id: int | None
    password_hash: str
    tries_left: int


def count_attempt(session: Session, *, email: str, address: str, now: datetime) -> tuple[int, ...]:
    """Count one attempt for the account and for the address, and return the rows' ids.

    Commit it before anything is decided: of a hundred attempts at once each must see the others.
    """
    rows = [SignInAttempt(key=key, at=now) for key, _limit in _limits(email, address)]
    session.add_all(rows)
    session.flush()
    return tuple(row.id for row in rows)


def examine(session: Session, *, email: str, address: str, now: datetime) -> Examination:
    """Return whose password is to be compared and how many tries are left after this one.

    An unknown or inactive account gets the hash of a password that nobody has: answer and cost stay the same.
    """
    query = select(func.count()).select_from(SignInAttempt).where(SignInAttempt.at > now - ATTEMPT_WINDOW)
    tries_left = min(
        limit - (session.scalar(query.where(SignInAttempt.key == key)) or 0) for key, limit in _limits(email, address)
    )
    person = find_by_email(session, email)
    if person is None or not person.active:
        return Examination(None, _hash_of_nobody, tries_left)
    return Examination(person.id, person.password_hash, tries_left)


def matches(password_hash: str, password: str) -> bool:
    """Whether ``password`` is the one behind the hash. Slow on purpose: call it outside a transaction."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def forget_attempts(session: Session, *, attempt_ids: tuple[int, ...], email: str | None = None) -> None:
    """Forget these attempts, and with ``email`` all of its account: its owner is in."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.id.in_(attempt_ids)))
    if email is not None:
        session.execute(delete(SignInAttempt).where(SignInAttempt.key == _account_key(email)))


def begin_session(session: Session, *, person: Person, address: str, user_agent: str, now: datetime) -> str:
    """Add a session row for ``person`` and return its token; the row keeps only the hash."""
    token = secrets.token_urlsafe(32)
    session.add(
        PersonSession(
            person_id=person.id,
            token_hash=_hash(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LIFETIME,
            address=address,
            user_agent=user_agent[:200],
        )
    )
    return token


_SESSIONS = (
    select(
        PersonSession.token_hash,
        PersonSession.last_seen_at,
        PersonSession.expires_at,
        PersonSession.ended_at,
        PersonSession.person_id,
        Person.name,
        Person.role,
        Person.active,
        Person.email,
        zone_column(),
        Person.language,
        Person.notes_reading,
        Person.dense_rows,
        Person.plain_box,
        Person.keys,
        Person.single_keys,
        TeamMember.team_id,
    )
    .select_from(PersonSession)
    .join(Person, Person.id == PersonSession.person_id)
    .outerjoin(TeamMember, TeamMember.person_id == PersonSession.person_id)
    .outerjoin(Company, Company.id == OWN_ID)
    .where(PersonSession.token_hash.in_(bindparam("hashes", expanding=True)))
)
"""Sessions by the hashes of tokens, a row for each team of their person. Made once, as every request asks."""
_SESSION_AND_COMPANY = _SESSIONS.add_columns(Company)
"""The same together with our own company, which every page asks for next."""


def signed_in(session: Session, *, token: str, now: datetime) -> SignedIn | None:
    """Return who holds ``token``; None where the session ended, expired, idled out, or the person left."""
    rows = session.execute(_SESSION_AND_COMPANY, {"hashes": [_hash(token)]}).all()
    if rows:
        company.know(session, rows[0].Company)
    return _signed_in(rows, {_hash(token): token}, now=now).get(token)


def signed_in_of(session: Session, *, tokens: Collection[str], now: datetime) -> dict[str, SignedIn]:
    """Return who holds each of ``tokens``, in one query; a token that lets nobody in any more is left out."""
    by_hash = {_hash(token): token for token in tokens}
    return _signed_in(session.execute(_SESSIONS, {"hashes": list(by_hash)}).all(), by_hash, now=now)


def _signed_in(rows: Sequence[Any], by_hash: Mapping[str, str], *, now: datetime) -> dict[str, SignedIn]:
    teams: dict[str, set[int]] = {}
    for row in rows:
        teams.setdefault(row.token_hash, set()).update(() if row.team_id is None else (row.team_id,))
    found = {}
    for row in rows:
        is_over = row.ended_at is not None or row.expires_at <= now or row.last_seen_at + IDLE_LIMIT <= now
        if not is_over and row.active:
            token, team_ids = by_hash[row.token_hash], frozenset(teams[row.token_hash])
            actor = Actor(kind="person", name=row.name, role=row.role, person_id=row.person_id, team_ids=team_ids)
            found[token] = SignedIn(
                token,
                actor,
                row.email,
                row.time_zone,
                row.language,
                row.last_seen_at,
                row.notes_reading,
                row.dense_rows,
                row.plain_box,
                row.keys,
                row.single_keys,
            )
    return found


def needs_touch(who: SignedIn, *, now: datetime) -> bool:
    """Whether the session's last use is old enough to be noted again."""
    return who.last_seen_at + SEEN_EVERY <= now


def touch(session: Session, *, token: str, now: datetime) -> None:
    """Note that the session is in use."""
    session.execute(update(PersonSession).where(PersonSession.token_hash == _hash(token)).values(last_seen_at=now))


def choose_rows(session: Session, *, actor: Actor, dense: bool) -> None:
    """Keep how high the rows of the queue are for the actor."""
    session.execute(update(Person).where(Person.id == actor.person_id).values(dense_rows=dense))


def choose_box(session: Session, *, actor: Actor, plain: bool) -> None:
    """Keep whether the actor writes in a plain box, or in the editor (docs/answering.md rule 20)."""
    session.execute(update(Person).where(Person.id == actor.person_id).values(plain_box=plain))


def sign_out(session: Session, *, token: str, now: datetime) -> None:
    """End the session of ``token``."""
    session.execute(
        update(PersonSession)
        .where(PersonSession.token_hash == _hash(token), PersonSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def actor_of(person: Person) -> Actor:
    """Return the acting value of a member of staff."""
    return actor_in(person, frozenset(membership.team_id for membership in person.memberships))


def actor_in(person: Person, team_ids: frozenset[int]) -> Actor:
    """Return the acting value of a member of staff who is in these teams."""
    return Actor(kind="person", name=person.name, role=person.role, person_id=person.id, team_ids=team_ids)


def teams_of(session: Session, person_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the ids of the teams that people are in, by their ids; who is in none is left out."""
    found: dict[int, set[int]] = defaultdict(set)
    for row in rows_of(session, teams_asked(person_ids)):
        found[row.person_id].add(row.team_id)
    return {person_id: frozenset(teams) for person_id, teams in found.items()}


def teams_asked(person_ids: Collection[int]) -> Select[int, int]:
    """Return the question of `teams_of`, to be asked together with others."""
    return select(TeamMember.person_id, TeamMember.team_id).where(TeamMember.person_id.in_(person_ids))


def find_by_email(session: Session, email: str) -> Person | None:
    """Return the person with this address, whatever its case."""
    return session.scalar(select(Person).where(func.lower(Person.email) == email.strip().lower()))


def people_by_address(session: Session) -> dict[str, Person]:
    """Return all staff by their addresses in lower case, for whoever looks up many."""
    return {person.email.lower(): person for person in models_of(session, people_asked())}


def people_asked() -> Select[Person]:
    """Return the question of `people_by_address`, to be asked together with others."""
    return select(Person)


def add_person(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    name: str,
    email: str,
    password: str,
    role: str,
    time_zone: str = "",
    language: str = "en",
) -> Person:
    """Add a member of staff.

    Raises:
        RuleViolation: unknown role or zone, weak password, or an address that somebody has already.
    """
    if role not in STAFF:
        message = f"{role!r} is not a role."
        raise RuleViolation(message)
    check_zone(time_zone)
    if find_by_email(session, email) is not None:
        message = f"{email} belongs to somebody already."
        raise RuleViolation(message)
    person = Person(
        name=name.strip(),
        email=email.strip(),
        password_hash=_hasher.hash(_strong(password)),
        role=role,
        time_zone=time_zone,
        language=language,
        created_at=now,
    )
    session.add(person)
    session.flush()
    audit.record(session, actor=actor, action="added", kind="person", object_id=person.id, now=now, role=role)
    return person


def change_password(session: Session, *, actor: Actor, person_id: int, password: str, now: datetime) -> None:
    """Set a new password and end every session of the person.

    Raises:
        RuleViolation: the password is too short.
        NotFound: no such person.
    """
    person = get_person(session, person_id)
    person.password_hash = _hasher.hash(_strong(password))
    end_sessions(session, person_id=person_id, now=now)
    audit.record(session, actor=actor, action="changed password", kind="person", object_id=person_id, now=now)


def set_role(
    session: Session,
    *,
    actor: Actor,
    person_id: int,
    role: str,
    active: bool,
    now: datetime,
    mail_notifications: bool | None = None,
) -> Person:
    """Change role, activity, and whether mail tells of answers; None leaves that as it is.

    With another role or activity the person's sessions end, so that old powers end with them.

    Raises:
        RuleViolation: unknown role, or the last active administrator would go.
        NotFound: no such person.
    """
    person = get_person(session, person_id)
    if role not in STAFF:
        message = f"{role!r} is not a role."
        raise RuleViolation(message)
    if person.role == ADMIN and (role != ADMIN or not active) and _active_admins(session) <= 1:
        message = "At least one active administrator must remain."
        raise RuleViolation(message)
    if (person.role, person.active) != (role, active):
        end_sessions(session, person_id=person_id, now=now)
    person.role, person.active = role, active
    person.mail_notifications = person.mail_notifications if mail_notifications is None else mail_notifications
    audit.record(
        session,
        actor=actor,
        action="changed role",
        kind="person",
        object_id=person_id,
        now=now,
        role=role,
        active=active,
        mail_notifications=person.mail_notifications,
    )
    return person


def check_zone(name: str) -> None:
    """Check the name of a zone; an empty one means that of our company.

    Raises:
        RuleViolation: there is no such zone.
    """
    if name:
        zone_named(name)


def choose_own(session: Session, *, actor: Actor, time_zone: str, language: str) -> None:
    """Keep on whose clock, and in which language, the actor is told of what happens (docs/desk.md rules 103 and 106).

    Raises:
        RuleViolation: there is no such zone.
        NotFound: nobody to keep it for.
    """
    check_zone(time_zone)
    person = get_person(session, actor.person_id or 0)
    person.time_zone, person.language = time_zone, language
    session.flush()


def end_sessions(session: Session, *, person_id: int, now: datetime) -> None:
    """End every session of a person."""
    session.execute(
        update(PersonSession)
        .where(PersonSession.person_id == person_id, PersonSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def get_person(session: Session, person_id: int) -> Person:
    """Return the person.

    Raises:
        NotFound: no such person.
    """
    person = session.get(Person, person_id)
    if person is None:
        message = "There is no such person."
        raise NotFound(message)
    return person


def add_team(session: Session, *, name: str, person_ids: tuple[int, ...], now: datetime, actor: Actor = SYSTEM) -> Team:
    """Add a team with its members.

    Raises:
        RuleViolation: no name, or one that another team has.
    """
    team = Team(name=_team_name(session, name))
    session.add(team)
    session.flush()
    session.add_all(TeamMember(team_id=team.id, person_id=person_id) for person_id in person_ids)
    session.flush()
    audit.record(session, actor=actor, action="added", kind="team", object_id=team.id, now=now)
    return team


def rename_team(session: Session, *, actor: Actor, now: datetime, team_id: int, name: str) -> Team:
    """Give a team another name, wherever it stands.

    Raises:
        NotFound: no such team.
        RuleViolation: no name, or one that another team has.
    """
    team = get_team(session, team_id)
    wanted = _team_name(session, name, but_not=team_id)
    if wanted != team.name:
        before, team.name = team.name, wanted
        session.flush()
        audit.record(
            session, actor=actor, action="renamed", kind="team", object_id=team.id, now=now, before=before, after=wanted
        )
    return team


def retire_team(session: Session, *, actor: Actor, now: datetime, team_id: int, retired: bool) -> Team:
    """Give a team nothing new any more, or again; what it has and which clients it keeps stays (docs/desk.md rule 78).

    Raises:
        NotFound: no such team.
    """
    team = get_team(session, team_id)
    if (team.retired_at is not None) != retired:
        team.retired_at = now if retired else None
        session.flush()
        action = "retired" if retired else "offered again"
        audit.record(session, actor=actor, action=action, kind="team", object_id=team.id, now=now, name=team.name)
    return team


def _team_name(session: Session, name: str, *, but_not: int | None = None) -> str:
    words = " ".join(name.split())
    taken = select(Team.id).where(func.lower(Team.name) == words.lower(), Team.id != (but_not or 0))
    if not words or session.scalar(taken) is not None:
        message = "A team needs a name of its own."
        raise RuleViolation(message, field="name")
    return words


def random_password() -> str:
    """Return a password for somebody's first sign-in: 96 random bits in 16 characters."""
    return secrets.token_urlsafe(12)


def get_team(session: Session, team_id: int) -> Team:
    """Return the team.

    Raises:
        NotFound: no such team.
    """
    team = session.get(Team, team_id)
    if team is None:
        message = "There is no such team."
        raise NotFound(message)
    return team


def set_members(session: Session, *, actor: Actor, now: datetime, team_id: int, person_ids: Collection[int]) -> Team:
    """Give a team exactly these members; what they may see changes with their next page.

    Raises:
        NotFound: no such team, or no such person.
    """
    team = get_team(session, team_id)
    for person_id in person_ids:
        get_person(session, person_id)
    session.execute(delete(TeamMember).where(TeamMember.team_id == team_id))
    session.add_all(TeamMember(team_id=team_id, person_id=person_id) for person_id in set(person_ids))
    session.flush()
    audit.record(
        session, actor=actor, action="set members", kind="team", object_id=team_id, now=now, members=sorted(person_ids)
    )
    return team


def has_admin(session: Session) -> bool:
    """Whether an administrator exists: from then on the first-run page is gone."""
    return session.scalar(select(Person.id).where(Person.role == ADMIN).limit(1)) is not None


def forget_old_attempts(session: Session, *, now: datetime) -> int:
    """Delete attempts that no limit counts any more; return how many."""
    gone = session.execute(
        delete(SignInAttempt).where(SignInAttempt.at <= now - ATTEMPT_WINDOW).returning(SignInAttempt.id)
    )
    return len(gone.all())


def _active_admins(session: Session) -> int:
    """Return how many there are, and hold their rows: two who demote each other at once must not both succeed."""
    query = select(Person.id).where(Person.role == ADMIN, Person.active.is_(True)).with_for_update()
    return len(session.scalars(query).all())


def _limits(email: str, address: str) -> tuple[tuple[str, int], ...]:
    return (_account_key(email), ATTEMPTS_AN_ACCOUNT), (f"address:{address}", ATTEMPTS_AN_ADDRESS)


def _account_key(email: str) -> str:
    return f"account:{email.strip().lower()[:KEY_CHARACTERS]}"


def _strong(password: str) -> str:
    if len(password) < PASSWORD_LENGTH:
        message = f"A password has at least {PASSWORD_LENGTH} characters."
        raise RuleViolation(message)
    return password


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

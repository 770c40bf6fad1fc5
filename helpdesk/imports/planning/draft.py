"""One line on its way to a plan: its key, and the names that it speaks of."""

from collections import Counter

from helpdesk.imports.domain.columns import Kind
from helpdesk.imports.domain.lines import Line, content_of, key_of
from helpdesk.imports.domain.plans import Outcome, Planned
from helpdesk.imports.domain.settings import EACH_PERSON, REFUSE, Settings
from helpdesk.imports.domain.worked import is_cut, worked_of
from helpdesk.imports.known import ClientRef, KeyRef, Known, ProjectRef, zone_of
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.timekeeping.domain.worked import Worked

CLIENT, PROJECT, TASK, WORK_TYPE = "client", "project", "task", "work_type"


class Draft:
    """A line, its key, and what planning it finds out.

    ``refusal`` is why it has no key: nothing more can be said of it then. ``counts_hours`` lets the plan add up the
    hours of a day, where no service does it afterwards; ``repeats`` says that an earlier line of the file is the same.
    """

    def __init__(self, line: Line, kind: Kind, settings: Settings, known: Known, seen: Counter[str]) -> None:
        self.line, self.values, self.settings, self.known = line, line.values, settings, known
        self.facts: dict[str, str] = {}
        self.makes: list[tuple[str, str]] = []
        self.remarks: list[str] = []
        self.key, self.content = "", ""
        self.person_id: int | None = None
        self.client: ClientRef | None = None
        self.client_name = ""
        self.worked: Worked | None = None
        self.counts_hours = False
        self.repeats = False
        self.refusal: RuleViolation | None = None
        if line.problems:
            return
        try:
            identity = self._identity(kind)
        except RuleViolation as refusal:
            self.refusal = refusal
            return
        self.key = key_of(kind, self.values, identity, seen)
        self.content = content_of(self.values)
        if kind == "time" and not self.key.endswith(":1") and ":id:" not in self.key and not self.values.get("key"):
            self.remarks.append("equal to an earlier line of the file: kept as an entry of its own")

    def text(self, field: str) -> str:
        """Return what the line says of a field; empty where it says nothing."""
        return str(self.values.get(field) or "")

    @property
    def before(self) -> KeyRef | None:
        """As what the line was imported before; None where it was not."""
        return self.known.by_key.get(self.key)

    def names_client(self) -> None:
        """Find the client that the line names, or the one of its project, or the one for lines without.

        Raises:
            RuleViolation: none of the three, or several clients have a project of that name.
        """
        name = self.text(CLIENT)
        if name:
            self.client = self.known.client(name)
        else:
            self.client = self._client_of_project() or self._fallback()
        self.client_name = self.client.name if self.client else name
        if not self.client_name:
            message = "The line names no client. Choose above where such lines belong."
            raise RuleViolation(message, field=CLIENT)
        if self.client is None:
            self.make(CLIENT, self.client_name)

    def names_project(self) -> tuple[str, ProjectRef | None]:
        """Return the name of the line's project and the project itself, None where it has to be made.

        Raises:
            RuleViolation: the line names none, or one that is not there and shall not be made.
        """
        name = self.text(PROJECT) or self.settings.fallback_project
        if not name:
            message = "The line names no project. Choose above where such lines belong."
            raise RuleViolation(message, field=PROJECT)
        project = self.known.project(self.client.id, name) if self.client else None
        if project is None:
            self.make(PROJECT, f"{self.client_name} / {name}")
        return (project.name if project else name), project

    def make(self, what: str, name: str) -> None:
        """Note that something has to be made for the line.

        Raises:
            RuleViolation: what is not known is refused.
        """
        if self.settings.unknown == REFUSE:
            message = f"There is no {what.replace('_', ' ')} {name}."
            raise RuleViolation(message, field=what)
        self.makes.append((what, name))

    def planned(self, outcome: Outcome, *, work: object = None, object_id: int | None = None) -> Planned:
        """Return the plan of the line."""
        return Planned(
            self.line.number,
            outcome,
            facts=self.facts,
            makes=tuple(self.makes) if outcome in {"new", "changed"} else (),
            remarks=tuple(self.remarks) if outcome in {"new", "changed"} else (),
            key=self.key,
            content=self.content,
            object_id=object_id,
            work=work,
        )

    def _identity(self, kind: Kind) -> list[object]:
        """Return what makes two lines the same thing."""
        if kind == "contacts":
            return [self.text("email").casefold()]
        if kind in {"clients", "projects"}:
            return [self.text(CLIENT).casefold(), self.text("name").casefold()]
        if kind == "tasks":
            return [self.text(name).casefold() for name in (CLIENT, PROJECT, "title")]
        return self._identity_of_time()

    def _identity_of_time(self) -> list[object]:
        name = self.text("person") or f"{self.text('first_name')} {self.text('last_name')}".strip()
        try:
            person = self.known.person(email=self.text("email"), name=name)
        except RuleViolation as refusal:
            field = next((field for field in ("email", "person", "last_name") if self.text(field)), None)
            raise RuleViolation(str(refusal), field=field) from refusal
        self.names_client()
        self.person_id = person.id
        own = person.time_zone or self.known.company.time_zone
        zone = zone_named(own if self.settings.zone == EACH_PERSON else self.settings.zone)
        self.worked = worked_of(self.values, zone=zone, home=zone_of(self.known, self.client))
        if is_cut(self.values, self.worked, zone=zone):
            self.remarks.append("the duration is shorter than from start to end: it counts from the start")
        self.facts = {"Person": person.name, "Worked": format_hm(self.worked.seconds)}
        begin = [self.values.get(name) for name in ("start", "start_date", "start_time") if self.values.get(name)]
        said = [self.text(field).casefold() for field in (CLIENT, PROJECT, TASK, "note")]
        return [person.id, *(str(part) for part in begin), self.worked.seconds, *said]

    def _client_of_project(self) -> ClientRef | None:
        named = self.known.projects_named(self.text(PROJECT)) if self.text(PROJECT) else []
        if len(named) > 1 and self.settings.fallback_client_id is None:
            message = f"Several clients have a project {self.text(PROJECT)}; the line has to name its client."
            raise RuleViolation(message, field=PROJECT)
        return self.known.client_of_id(named[0].client_id) if len(named) == 1 else None

    def _fallback(self) -> ClientRef | None:
        wanted = self.settings.fallback_client_id
        return None if wanted is None else self.known.client_of_id(wanted)

"""What a table may hold, kind by kind, and which column holds it: by the header, in English and German. Pure.

Exports that are known by their header: Toggl Track, Clockify, Harvest and Kimai. docs/import.md "Columns".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["clients", "contacts", "projects", "tasks", "time"]
Reading = Literal["text", "lines", "email", "day", "time", "instant", "clock", "hours", "minutes", "seconds", "flag"]
MoreReading = Literal["whole", "decimal"]

KINDS: tuple[Kind, ...] = ("clients", "contacts", "projects", "tasks", "time")
NAME, LONG = 120, 2000


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a line says: how its cell is read, the most characters, and the headers that mean it."""

    name: str
    label: str
    headers: tuple[str, ...]
    reading: Reading | MoreReading = "text"
    most: int = NAME
    needed: bool = False


def _field(
    name: str,
    label: str,
    headers: str,
    reading: Reading | MoreReading = "text",
    *,
    most: int = NAME,
    needed: bool = False,
) -> Field:
    return Field(name, label, tuple(headers.split("|")), reading, most, needed)


_ID = _field("id", "Number in the other system", "id|external id|entry id|number|nummer|nr|nr.")
_KEY = _field("key", "Key of an earlier import", "import key")
_CLIENT = "client|client name|customer|customer name|company|account|kunde|kundenname|firma|mandant|auftraggeber"
_PROJECT = "project|project name|projekt|projektname"
_TASK = "task|task name|title|aufgabe|aufgabenname|titel|activity|tätigkeit|aktivität"
_NAME = "name|bezeichnung"
_EMAIL = "email|e-mail|e mail|mail|email address|e-mail address|e-mail-adresse|e-mail adresse"
_PERSON = "user|user name|username|person|employee|team member|benutzer|benutzername|mitarbeiter|mitarbeiterin"
_FIRST, _LAST = "first name|vorname", "last name|surname|nachname|familienname"
_DUE = "due|due date|due on|deadline|end date|enddate|end|fällig|fällig am|frist|ende"
_STARTS = "start|start date|startdate|starts on|beginn|startdatum"

FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    "clients": (
        _field("name", "Name", f"{_NAME}|{_CLIENT}", needed=True),
        _field("legal_name", "Legal name", "legal name|company name|firmenname|rechtlicher name", most=200),
        _field("address", "Address", "address|adresse|anschrift|postal address", "lines", most=500),
        _field("country", "Country (two letters)", "country|country code|land|ländercode", most=2),
        _field("vat_id", "VAT ID", "vat id|vat|vat number|tax id|tax|ust id|ust idnr|ust-idnr|ust-idnr.", most=40),
        _field(
            "customer_number",
            "Customer number",
            "customer number|client number|account number|kundennummer|kunden-nr.|kundennr",
            most=60,
        ),
        _field("purchase_order", "Purchase order", "purchase order|po number|bestellnummer", most=60),
        _field("invoice_email", "Invoices go to", f"invoice email|billing email|rechnungs-e-mail|{_EMAIL}", "email"),
        _field("currency", "Currency", "currency|währung", most=3),
        _field("time_zone", "Time zone", "time zone|timezone|zeitzone", most=64),
        _field("language", "Language", "language|sprache", most=2),
        _field("tax_percent", "Tax in percent", "tax percent|tax rate|vat rate|steuersatz|mwst|ust", "decimal"),
        _field("payment_days", "Payment is due after days", "payment days|payment terms|zahlungsziel", "whole"),
        _field("domain", "Mail domain", "domain|mail domain|domäne|maildomain", most=253),
        _ID,
        _KEY,
    ),
    "contacts": (
        _field("email", "E-mail", _EMAIL, "email", most=254, needed=True),
        _field("name", "Name", f"{_NAME}|full name|contact|contact name|kontakt|ansprechpartner"),
        _field("first_name", "First name", _FIRST),
        _field("last_name", "Last name", _LAST),
        _field("client", "Client", _CLIENT),
        _field("phone", "Phone", "phone|phone number|telephone|mobile|telefon|telefonnummer|mobil", most=60),
        _field("language", "Language", "language|sprache", most=2),
        _ID,
        _KEY,
    ),
    "projects": (
        _field("client", "Client", _CLIENT, needed=True),
        _field("name", "Name", f"{_NAME}|{_PROJECT}", needed=True),
        _field("billing", "Billing", "billing|billing type|abrechnung|abrechnungsart"),
        _field("status", "Status", "status|state|zustand"),
        _field("manager", "Manager", "manager|project manager|owner|projektleiter|projektleitung|verantwortlich"),
        _field("starts_on", "Starts on", _STARTS, "day"),
        _field("due_on", "Due on", _DUE, "day"),
        _field(
            "budget_seconds",
            "Budget in hours",
            "budget hours|hours budget|time budget|timebudget|estimate|budget stunden|zeitbudget|stundenbudget",
            "hours",
        ),
        _field("budget", "Budget in money", "budget|budget amount|money budget|budget betrag", "decimal"),
        _ID,
        _KEY,
    ),
    "tasks": (
        _field("client", "Client", _CLIENT),
        _field("project", "Project", _PROJECT, needed=True),
        _field("title", "Title", f"{_TASK}|{_NAME}|summary|subject|betreff", needed=True, most=200),
        _field("status", "Status", "status|state|zustand"),
        _field("assignee", "Assignee", "assignee|assigned to|owner|zugewiesen|zuständig|bearbeiter"),
        _field("starts_on", "Starts on", _STARTS, "day"),
        _field("due_on", "Due on", _DUE, "day"),
        _field(
            "estimate_seconds",
            "Estimate in hours",
            "estimate|estimated hours|estimated time|estimate (h)|schätzung|aufwand|geschätzt",
            "hours",
        ),
        _ID,
        _KEY,
    ),
    "time": (
        _field("email", "Person’s e-mail", _EMAIL, "email", most=254),
        _field("person", "Person", f"{_PERSON}|name"),
        _field("first_name", "Person’s first name", _FIRST),
        _field("last_name", "Person’s last name", _LAST),
        _field("client", "Client", _CLIENT),
        _field("project", "Project", _PROJECT),
        _field("task", "Task", _TASK, most=200),
        _field("work_type", "Work type", "work type|service|leistungsart|tätigkeitsart"),
        _field("note", "Note", "description|notes|note|comment|comments|beschreibung|notiz|kommentar", most=LONG),
        _field("start_date", "Day", "start date|date|day|startdatum|datum|tag", "day"),
        _field("start_time", "Start, time of day", "start time|from|begin|startzeit|von|beginn", "time"),
        _field("start", "Start, day and time", "start|started at|started|start datetime", "instant"),
        _field("end_date", "Day of the end", "end date|stop date|enddatum", "day"),
        _field("end_time", "End, time of day", "end time|to|stop time|endzeit|bis|ende", "time"),
        _field("end", "End, day and time", "end|ended at|stop|ended|end datetime", "instant"),
        _field("clock", "Duration as 1:30 or 1.5", "duration|duration (h)|time (h)|dauer|dauer (h)", "clock"),
        _field(
            "hours",
            "Duration in hours",
            "hours|duration (decimal)|time (decimal)|stunden|dauer (dezimal)|stunden (dezimal)",
            "hours",
        ),
        _field("minutes", "Duration in minutes", "minutes|minuten", "minutes"),
        _field("seconds", "Duration in seconds", "seconds|sekunden|duration (seconds)", "seconds"),
        _field("billable", "Billable", "billable|billable?|abrechenbar|verrechenbar", "flag"),
        _field("invoiced", "Invoiced before", "invoiced|invoiced?|exported|abgerechnet|exportiert|berechnet", "flag"),
        _ID,
        _KEY,
    ),
}

LENGTHS = ("clock", "hours", "minutes", "seconds")
Columns = Mapping[str, int]
"""Field name -> index of its column."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a header was recognised as: the kind, the system that exported it ("" unknown), and what is where."""

    kind: Kind
    source: str
    columns: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Export:
    source: str
    all_of: frozenset[str]
    none_of: frozenset[str] = frozenset()
    more: tuple[tuple[str, str], ...] = ()


_EXPORTS = (
    _Export("clockify", frozenset({"project", "client", "user", "start date", "start time", "duration (h)"})),
    _Export(
        "toggl",
        frozenset({"user", "email", "project", "start date", "start time", "duration"}),
        none_of=frozenset({"duration (h)"}),
    ),
    _Export(
        "harvest",
        frozenset({"date", "client", "project", "task", "notes", "hours", "first name", "last name"}),
        more=(("work_type", "task"),),
    ),
    _Export(
        "kimai",
        frozenset({"date", "customer", "project", "activity", "duration"}),
        more=(("work_type", "activity"), ("person", "name")),
    ),
    _Export(
        "kimai",
        frozenset({"datum", "kunde", "projekt", "tätigkeit", "dauer"}),
        more=(("work_type", "tätigkeit"), ("person", "name")),
    ),
)


def normal(header: str) -> str:
    """Return a header in the form in which headers are compared: ``Start_Date `` -> ``start date``."""
    return re.sub(r"[\s_]+", " ", header.strip().lstrip("\N{BOM}").casefold())


def guess(header: Sequence[str], kind: Kind) -> dict[str, int]:
    """Return which column holds which field, as far as the header says so; no column is taken twice."""
    names = [normal(cell) for cell in header]
    found: dict[str, int] = {}
    for field in FIELDS[kind]:
        wanted = [names.index(word) for word in field.headers if word in names]
        free = [at for at in wanted if at not in found.values()]
        if free:
            found[field.name] = free[0]
    if kind == "time":
        _keep_one_length(found)
    return found


def recognise(header: Sequence[str]) -> Recognised:
    """Return what a header most likely is: a known export, else the kind that most of its columns speak for."""
    names = [normal(cell) for cell in header]
    for export in _EXPORTS:
        if export.all_of <= set(names) and not export.none_of & set(names):
            columns = guess(header, "time")
            columns |= {field: names.index(word) for field, word in export.more if word in names}
            return Recognised("time", export.source, columns)
    kind = max(KINDS, key=lambda one: _fit(header, one))
    return Recognised(kind, "", guess(header, kind))


def missing(kind: Kind, columns: Columns) -> list[str]:
    """Return what a table of this kind lacks, as the labels of fields; empty where nothing is."""
    lacks = [field.label for field in FIELDS[kind] if field.needed and field.name not in columns]
    if kind == "time":
        if not {"email", "person", "last_name"} & set(columns):
            lacks.append("Person")
        if not {"start_date", "start"} & set(columns):
            lacks.append("Day")
        if not ({*LENGTHS, "end_time", "end"} & set(columns)):
            lacks.append("Duration")
    return lacks


def field_of(kind: Kind, name: str) -> Field:
    """Return the field of a kind by its name."""
    return next(field for field in FIELDS[kind] if field.name == name)


def _keep_one_length(found: dict[str, int]) -> None:
    """Let one column say how long it took: the first of clock, hours, minutes, seconds."""
    for name in [name for name in LENGTHS if name in found][1:]:
        del found[name]


def _fit(header: Sequence[str], kind: Kind) -> tuple[bool, int]:
    columns = guess(header, kind)
    return not missing(kind, columns), len(columns)

"""Signed reply addresses and Message-IDs, what may stand in a header, when to try again: pure, keys are handed in.

``keys`` maps a key version (1, 2, …) to its secret. The highest version signs, every version that is still
in the mapping verifies; so a key is rotated by adding the next version, and retired by removing the old one.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from helpdesk.kernel.errors import RuleViolation, SettingsError

LOOP_HEADER = "X-Helpdesk-Loop"
"""Carried by each automatic mail of ours; who receives it answers nothing (docs/mail.md rules 23, 25)."""

SEPARATOR_BEGINS, SEPARATOR_ENDS = "##-", "-##"
"""Around the words of the line above which people answer; found again whatever language stands between (rule 32)."""

LOCAL_PART_LIMIT = 64
"""Octets that RFC 5321 section 4.5.3.1.1 allows before the @."""

_MAC_BYTES = 10
_MAC_LETTERS = 16
_KEY_BYTES_MINIMUM = 16
_VERSION_AND_MAC = rf"(?P<version>[1-9][0-9]{{0,5}})(?P<mac>[a-z2-7]{{{_MAC_LETTERS}}})"
_ID = r"[1-9][0-9]{0,18}"
_REPLY_LOCAL_PART = re.compile(
    rf"[^+]+\+(?:t\.(?P<ticket>{_ID})|s\.(?P<staff_ticket>{_ID})\.(?P<person>{_ID}))\.{_VERSION_AND_MAC}",
)
_OWN_MESSAGE_ID = re.compile(
    rf"<hd\.(?P<item>0|{_ID})\.(?P<unique>[a-z0-9-]{{1,64}})\.{_VERSION_AND_MAC}@[^<>@\s]+>",
)
_BOUNCE_LOCAL_PART = re.compile(rf"[^+]+\+b\.(?P<outgoing>{_ID})\.{_VERSION_AND_MAC}")
_TOKEN = re.compile(r"\+[tsb]\.[a-z0-9.]{1,64}@", re.IGNORECASE)
_UNIQUE = re.compile(r"[a-z0-9-]{1,64}")
_LINE_BREAKS = re.compile("[\r\n\x00\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")


FIRST_DELAY_SECONDS = 30
LONGEST_DELAY_SECONDS = 4 * 3600
GIVE_UP_AFTER = timedelta(days=2)
"""How long a mail is tried again when the server is away or says "later"."""


@dataclass(frozen=True, slots=True)
class Address:
    """A name, which may be empty, and an address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A stored file that goes out with a mail; ``content_type`` is like ``application/pdf``.

    With ``content_id`` it is a picture that the HTML shows.
    """

    name: str
    content_type: str
    blob_sha256: str
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReplyToken:
    """What a signed reply address says: the work item, and the staff member whom it was made for, if any."""

    work_item_id: int
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class OwnMessageId:
    """What one of our Message-IDs says; ``work_item_id`` is None on mail that belongs to no work item."""

    work_item_id: int | None
    unique: str


def reply_address(
    *,
    mailbox: str,
    work_item_id: int,
    keys: Mapping[int, bytes],
    person_id: int | None = None,
) -> str:
    """Return the address by which an answer finds its work item (docs/mail.md rules 14 and 15).

    ``support@example.com`` and work item 42 become ``support+t.42.1<16 letters>@example.com``; with a
    ``person_id`` it is the staff variant ``support+s.42.7.1<16 letters>@example.com``, valid for that pair.

    Raises:
        RuleViolation: the mailbox is no address, or its local part leaves no room within 64 octets.
        SettingsError: there is no key, or one shorter than 16 bytes.
    """
    subject = f"t.{work_item_id}" if person_id is None else f"s.{work_item_id}.{person_id}"
    return _signed_address(mailbox, "reply", subject, keys)


def read_reply_address(address: str, *, keys: Mapping[int, bytes]) -> ReplyToken | None:
    """Return what a signed reply address says, or None when it is none or its signature is not ours.

    Case is ignored, since servers on the way may change it (docs/mail.md rule 15).
    """
    found = _REPLY_LOCAL_PART.fullmatch(_local_part(address))
    if found is None:
        return None
    person = found["person"]
    item = found["ticket"] or found["staff_ticket"]
    subject = f"t.{item}" if person is None else f"s.{item}.{person}"
    if not _verify("reply", subject, found, keys):
        return None
    return ReplyToken(work_item_id=int(item), person_id=None if person is None else int(person))


def bounce_address(*, mailbox: str, outgoing_id: int, keys: Mapping[int, bytes]) -> str:
    """Return the envelope sender to which one mail of ours comes back (VERP, docs/mail.md rule 28).

    ``support@example.com`` and outgoing mail 42 become ``support+b.42.1<16 letters>@example.com``. Its purpose is
    signed with it: it is no reply address, and none of those is one of these.

    Raises:
        RuleViolation: the mailbox is no address, or its local part leaves no room within 64 octets.
        SettingsError: there is no key, or one shorter than 16 bytes.
    """
    return _signed_address(mailbox, "bounce", f"b.{outgoing_id}", keys)


def read_bounce_address(address: str, *, keys: Mapping[int, bytes]) -> int | None:
    """Return the id of the outgoing mail that a bounce address names; None when it is none, or forged."""
    found = _BOUNCE_LOCAL_PART.fullmatch(_local_part(address))
    if found is None or not _verify("bounce", f"b.{found['outgoing']}", found, keys):
        return None
    return int(found["outgoing"])


def first_bounced_id(addresses: Iterable[str], *, keys: Mapping[int, bytes]) -> int | None:
    """Return what the first valid bounce address among ``addresses`` names, or None."""
    found = (read_bounce_address(address, keys=keys) for address in addresses)
    return next((outgoing_id for outgoing_id in found if outgoing_id is not None), None)


def without_token(address: str) -> str:
    """Return an address without the token that we signed into it, to be read by people: ``support@example.com``."""
    return _TOKEN.sub("@", address)


def first_reply_token(addresses: Iterable[str], *, keys: Mapping[int, bytes]) -> ReplyToken | None:
    """Return the first valid token among ``addresses``, in their order, or None."""
    tokens = (read_reply_address(address, keys=keys) for address in addresses)
    return next((token for token in tokens if token is not None), None)


def make_message_id(*, work_item_id: int | None, unique: str, domain: str, keys: Mapping[int, bytes]) -> str:
    """Return a signed Message-ID that carries the work item: ``<hd.42.<unique>.1<16 letters>@domain>``.

    ``unique`` is made once by the caller (a uuid does) and kept with the row, so that a repeated sending
    repeats the id (docs/mail.md rules 14 and 27).

    Raises:
        RuleViolation: ``unique`` is not of 1 to 64 lower-case letters, digits and hyphens, or the domain is none.
        SettingsError: there is no key, or one shorter than 16 bytes.
    """
    if not _UNIQUE.fullmatch(unique):
        message = f"“{unique}” cannot be part of a Message-ID."
        raise RuleViolation(message)
    subject = f"{work_item_id or 0}.{unique}"
    return f"<hd.{subject}.{_sign('message-id', subject, keys)}@{_ascii_domain(domain)}>"


def read_message_id(message_id: str, *, keys: Mapping[int, bytes]) -> OwnMessageId | None:
    """Return what one of our own Message-IDs says, or None when it is foreign or forged."""
    found = _OWN_MESSAGE_ID.fullmatch(message_id.strip().lower())
    if found is None or not _verify("message-id", f"{found['item']}.{found['unique']}", found, keys):
        return None
    return OwnMessageId(work_item_id=int(found["item"]) or None, unique=found["unique"])


def header_value(value: str, *, name: str = "header") -> str:
    """Return ``value`` unchanged when it may stand in a mail header.

    CR, LF, NUL and whatever else Python or a mail server takes for the end of a line are refused, and so
    are lone surrogates, which no mail can carry (docs/mail.md rule 30, RFC 5322 section 2.2).

    Raises:
        RuleViolation: it holds such a character.
    """
    if _LINE_BREAKS.search(value) or _SURROGATES.search(value):
        message = f"The {name} holds a line break or a character that no mail can carry."
        raise RuleViolation(message)
    return value


def delay_before_retry(attempts: int, *, chance: float) -> timedelta:
    """Return how long to wait after the given number of failed attempts: 30 s, 1, 2, 4 … minutes, at most 4 hours.

    ``chance`` between 0 and 1 spreads the wait by a quarter up or down, so that a server that comes back is not
    met by everything at once.
    """
    seconds = min(FIRST_DELAY_SECONDS * 2.0 ** max(0, min(attempts, 20) - 1), float(LONGEST_DELAY_SECONDS))
    return timedelta(seconds=seconds * (0.75 + chance / 2))


def _local_part(address: str) -> str:
    return address.strip().strip("<>").lower().rpartition("@")[0]


def _signed_address(mailbox: str, purpose: str, subject: str, keys: Mapping[int, bytes]) -> str:
    local, at, domain = mailbox.strip().partition("@")
    if not (local and at and domain):
        message = f"“{mailbox}” is no mail address that replies could go to."
        raise RuleViolation(message)
    signed = f"{local.partition('+')[0]}+{subject}.{_sign(purpose, subject, keys)}"
    if len(signed.encode()) > LOCAL_PART_LIMIT:
        message = f"The name “{local}” is too long for signed addresses; use a shorter mailbox name."
        raise RuleViolation(message)
    return f"{signed}@{domain}"


def _ascii_domain(domain: str) -> str:
    try:
        return header_value(domain).encode("idna").decode()
    except UnicodeError as error:
        message = f"“{domain}” is no domain."
        raise RuleViolation(message) from error


def _sign(purpose: str, subject: str, keys: Mapping[int, bytes]) -> str:
    if not keys:
        message = "There is no key to sign mail addresses with."
        raise SettingsError(message)
    version = max(keys)
    return f"{version}{_mac(purpose, subject, keys[version])}"


def _verify(purpose: str, subject: str, found: re.Match[str], keys: Mapping[int, bytes]) -> bool:
    key = keys.get(int(found["version"]))
    return key is not None and hmac.compare_digest(_mac(purpose, subject, key), found["mac"])


def _mac(purpose: str, subject: str, key: bytes) -> str:
    """Return 80 bits of HMAC-SHA256 in lower-case base32; the purpose keeps the kinds of token apart."""
    if len(key) < _KEY_BYTES_MINIMUM:
        message = f"A key for signing mail must have at least {_KEY_BYTES_MINIMUM} bytes."
        raise SettingsError(message)
    digest = hmac.new(key, f"{purpose}\n{subject}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:_MAC_BYTES]).decode().lower()

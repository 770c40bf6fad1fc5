"""Ways to get onto somebody else's ticket by mail, as raw bytes: what is claimed, who claims it, in which disguise.

Everything that an outsider may know is used: the number and the Message-ID of the client's first mail, the shape of
our addresses and Message-IDs, valid signatures for tickets of the attacker's own; and what he cannot know but may
find in a mail that was passed on: a genuine reply address, a genuine Message-ID of ours.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from helpdesk.outbox.domain import make_message_id, reply_address

OURS = "halden-okoye.example"
MAILBOX = f"support@{OURS}"
AUTHSERV = f"mx.{OURS}"

_numbers = count(1)


@dataclass(frozen=True)
class Target:
    """The ticket that is attacked; ``own_item_id`` is one that the attacker has mail about."""

    item_id: int
    number: int
    first_message_id: str
    our_message_id: str
    reply_address: str
    own_item_id: int
    own_reply_address: str
    own_message_id: str
    staff_id: int
    keys: Mapping[int, bytes]


@dataclass(frozen=True)
class Attempt:
    """One mail. ``name`` says what it tries; ``checked`` that it is meant for a mailbox with an authserv-id."""

    name: str
    raw: bytes
    checked: bool = False


ANN = "Ann Berg <ann@acme.example>"
Header = tuple[str, str]

OUTSIDERS: dict[str, tuple[Header, ...]] = {
    "a stranger": (("From", "Eve <eve@elsewhere.example>"),),
    "a contact of another client": (("From", "Person <person@globex.example>"),),
    "another client's domain": (("From", "New <new@globex.example>"),),
    "the requester's name": (("From", '"Ann Berg" <eve@elsewhere.example>'),),
    "the requester's address as a name": (("From", '"ann@acme.example" <eve@elsewhere.example>'),),
    "the requester's whole mailbox as a name": (("From", '"Ann Berg <ann@acme.example>" <eve@elsewhere.example>'),),
    "an encoded word that ends the name": (
        ("From", f"=?utf-8?b?{base64.b64encode(b'Ann <ann@acme.example>').decode()}?= <eve@elsewhere.example>"),
    ),
    "an encoded word with a NUL": (
        ("From", f"=?utf-8?b?{base64.b64encode(b'ann@acme.example' + bytes(1)).decode()}?= <eve@elsewhere.example>"),
    ),
    "a comment": (("From", "eve@elsewhere.example (ann@acme.example)"),),
    "a comment before": (("From", "(ann@acme.example) eve@elsewhere.example"),),
    "the requester as a second person": (("From", "Eve <eve@elsewhere.example>, Ann Berg <ann@acme.example>"),),
    "the requester in a second From": (("From", "Eve <eve@elsewhere.example>"), ("From", ANN)),
    "the requester in Sender": (("From", "Eve <eve@elsewhere.example>"), ("Sender", ANN)),
    "the requester in Reply-To": (("From", "Eve <eve@elsewhere.example>"), ("Reply-To", ANN)),
    "the requester in Return-Path": (("Return-Path", "<ann@acme.example>"), ("From", "eve@elsewhere.example")),
    "the requester in Resent-From": (("From", "Eve <eve@elsewhere.example>"), ("Resent-From", ANN)),
    "the requester in X-Original-From": (("From", "Eve <eve@elsewhere.example>"), ("X-Original-From", ANN)),
    "a longer domain": (("From", "Ann Berg <ann@acme.example.elsewhere.example>"),),
    "a domain that ends alike": (("From", "Ann Berg <ann@notacme.example>"),),
    "a sub-domain": (("From", "Ann Berg <ann@mail.acme.example>"),),
    "another top level": (("From", "Ann Berg <ann@acme.test>"),),
    "a letter of another script": (
        ("From", "Ann Berg <\N{CYRILLIC SMALL LETTER A}nn@\N{CYRILLIC SMALL LETTER A}cme.example>"),
    ),
    "a quoted local part": (("From", '"ann@acme.example"@elsewhere.example'),),
    "the percent hack": (("From", "ann%acme.example@elsewhere.example"),),
    "a source route": (("From", "<@acme.example:eve@elsewhere.example>"),),
    "a tagged stranger": (("From", "Eve <eve+ann@elsewhere.example>"),),
    "a freemail address": (("From", "Ann Berg <ann.berg.acme@gmail.com>"),),
}


def _claims(target: Target) -> dict[str, tuple[Header, ...]]:
    """Return what a mail may say to belong to the target without a valid signature for it."""
    own_local, _, _ = target.own_reply_address.partition("@")
    genuine_local, _, _ = target.reply_address.partition("@")
    own_mac = own_local.rpartition(".")[2]
    id_mac = target.our_message_id.rpartition("@")[0].rpartition(".")[2]
    address = {
        "a signature of another ticket": f"support+t.{target.item_id}.{own_mac}@{OURS}",
        "the signature of a Message-ID": f"support+t.{target.item_id}.{id_mac}@{OURS}",
        "a truncated signature": f"{genuine_local[:-1]}@{OURS}",
        "a lengthened signature": f"{genuine_local}a@{OURS}",
        "no signature": f"support+t.{target.item_id}@{OURS}",
        "an empty signature": f"support+t.{target.item_id}.1@{OURS}",
        "a guessed signature": f"support+t.{target.item_id}.1{'a' * 16}@{OURS}",
        "a signature of a key that is gone": reply_address(
            mailbox=MAILBOX, work_item_id=target.item_id, keys={2: b"a key that was retired long ago"}
        ),
        "a signature of another key": reply_address(
            mailbox=MAILBOX, work_item_id=target.item_id, keys={1: b"the key of another installation"}
        ),
        "a signature without its purpose": f"support+t.{target.item_id}.1{_mac(target, f't.{target.item_id}')}@{OURS}",
        "a signature with a leading zero": genuine_local.replace(f"t.{target.item_id}.", f"t.0{target.item_id}.")
        + f"@{OURS}",
        "a staff address by the ticket's signature": genuine_local.replace("+t.", "+s.").replace(
            f".{target.item_id}.", f".{target.item_id}.{target.staff_id}."
        )
        + f"@{OURS}",
        "two plus parts": f"support+x+{genuine_local.partition('+')[2][:-2]}@{OURS}",
    }
    claims: dict[str, tuple[Header, ...]] = {f"To: {name}": (("To", each),) for name, each in address.items()}
    for header in ("Cc", "Delivered-To", "X-Original-To", "Envelope-To"):
        name = "a signature of another ticket"
        claims[f"{header}: {name}"] = (("To", MAILBOX), (header, address[name]))
    for name, message_id in _forged_ids(target, id_mac, own_mac).items():
        claims[f"In-Reply-To: {name}"] = (("In-Reply-To", message_id),)
        claims[f"References: {name}"] = (("References", f"<a@b.example> {message_id} <c@d.example>"),)
    return claims | _conversations(target) | _headers_of_ours(target)


def _forged_ids(target: Target, id_mac: str, own_mac: str) -> dict[str, str]:
    other = make_message_id(
        work_item_id=target.item_id, unique="f" * 32, domain=OURS, keys={1: b"the key of another installation"}
    )
    return {
        "a guessed id of ours": f"<hd.{target.item_id}.{'0' * 32}.1{'a' * 16}@{OURS}>",
        "an id with the signature of a reply address": f"<hd.{target.item_id}.{'0' * 32}.{own_mac}@{OURS}>",
        "an id of ours with another unique part": f"<hd.{target.item_id}.{'0' * 32}.{id_mac}@{OURS}>",
        "an id of the attacker's ticket with another number": target.own_message_id.replace(
            f"<hd.{target.own_item_id}.", f"<hd.{target.item_id}."
        ),
        "an id of ours cut short": target.our_message_id.replace("@", "x@", 1)[:-1],
        "an id by another key": other,
    }


def _conversations(target: Target) -> dict[str, tuple[Header, ...]]:
    """Return claims by what is no secret: the client's own Message-ID, and the number of the ticket."""
    known, number = target.first_message_id, target.number
    many = " ".join(f"<{each}@elsewhere.example>" for each in range(60))
    subject = f"[#{number}] Printer"
    encoded = base64.b64encode(subject.encode()).decode()
    return {
        "In-Reply-To the first mail": (("In-Reply-To", known),),
        "References the first mail": (("References", known),),
        "References it among many": (("References", f"{many} {known}"),),
        "References it folded": (("References", f"<a@b.example>\r\n {known}\r\n\t<c@d.example>"),),
        "In-Reply-To it without brackets": (("In-Reply-To", known.strip("<>")),),
        "In-Reply-To it in a sentence": (("In-Reply-To", f'Your message of "today" {known}'),),
        "In-Reply-To it in capitals": (("In-Reply-To", known.upper()),),
        "its own Message-ID": (("Message-ID", known),),
        "the number": (("Subject", subject),),
        "the number behind prefixes": (("Subject", f"AW: Re[2]: {subject}"),),
        "the number encoded": (("Subject", f"=?utf-8?b?{encoded}?="),),
        "the number folded": (("Subject", f"Re:\r\n {subject}"),),
        "the number twice": (("Subject", f"[#{number}] [#{number}]"),),
        "the number and the first mail": (("Subject", subject), ("In-Reply-To", known)),
    }


def _headers_of_ours(target: Target) -> dict[str, tuple[Header, ...]]:
    names = (
        "X-Helpdesk-Ticket",
        "X-Helpdesk-Item",
        "X-Ticket-ID",
        "X-Helpdesk-Staff",
        "X-Helpdesk-Accept",
        "Thread-Index",
    )
    return {f"{name} of ours": ((name, str(target.item_id)),) for name in names}


def _signed(target: Target) -> dict[str, tuple[Header, ...]]:
    """Return claims with a genuine signature, found in a mail that was passed on."""
    return {
        "To the genuine reply address": (("To", target.reply_address),),
        "To it in capitals": (("To", target.reply_address.upper()),),
        "Delivered-To the genuine reply address": (("To", MAILBOX), ("Delivered-To", target.reply_address)),
        "In-Reply-To a genuine id of ours": (("In-Reply-To", target.our_message_id),),
        "References a genuine id of ours": (("References", f"<a@b.example> {target.our_message_id}"),),
    }


PASS = "dmarc=pass header.from=acme.example"
UNPROVEN: dict[str, tuple[str, ...]] = {
    "no result": (),
    "a failure": (f"Authentication-Results: {AUTHSERV}; dmarc=fail header.from=acme.example",),
    "nothing published": (f"Authentication-Results: {AUTHSERV}; dmarc=none header.from=acme.example",),
    "a passing trouble": (f"Authentication-Results: {AUTHSERV}; dmarc=temperror",),
    "a best guess": (f"Authentication-Results: {AUTHSERV}; dmarc=bestguesspass header.from=acme.example",),
    "a pass of another server": (f"Authentication-Results: mx.elsewhere.example; {PASS}",),
    "a pass of a server named alike": (f"Authentication-Results: {AUTHSERV}.elsewhere.example; {PASS}",),
    "a pass of a server that ends alike": (f"Authentication-Results: x{AUTHSERV}; {PASS}",),
    "a pass below our failure": (
        f"Authentication-Results: {AUTHSERV}; dmarc=fail header.from=acme.example",
        f"Authentication-Results: {AUTHSERV}; {PASS}",
    ),
    "a pass below our silence": (
        f"Authentication-Results: {AUTHSERV}; spf=pass smtp.mailfrom=elsewhere.example",
        f"Authentication-Results: {AUTHSERV}; {PASS}",
    ),
    "a pass below our none": (
        f"Authentication-Results: {AUTHSERV}; none",
        f"Authentication-Results: {AUTHSERV}; {PASS}",
    ),
    "a pass for another domain": (f"Authentication-Results: {AUTHSERV}; dmarc=pass header.from=elsewhere.example",),
    "a pass in a comment": (f"Authentication-Results: {AUTHSERV}; dmarc=fail (dmarc=pass; {PASS})",),
    "a pass in a nested comment": (f"Authentication-Results: {AUTHSERV}; dmarc=fail (a (b) ; {PASS})",),
    "a pass in quotes": (f'Authentication-Results: {AUTHSERV}; dmarc=fail reason="; {PASS}"',),
    "a pass of another method": (f"Authentication-Results: {AUTHSERV}; spf=pass dkim=pass; xdmarc=pass",),
    "a pass inside another clause": (f"Authentication-Results: {AUTHSERV}; spf=fail {PASS}",),
    "our name in a comment": (f"Authentication-Results: mx.elsewhere.example ({AUTHSERV}); {PASS}",),
    "our name in the second clause": (f"Authentication-Results: mx.elsewhere.example; {AUTHSERV}; {PASS}",),
    "our name on a folded line": (f"Authentication-Results: mx.elsewhere.example;\r\n {AUTHSERV}; {PASS}",),
    "a pass in ARC": (f"ARC-Authentication-Results: i=1; {AUTHSERV}; {PASS}",),
    "a pass in an X- header": (f"X-Authentication-Results: {AUTHSERV}; {PASS}",),
    "a pass of the original": (f"Authentication-Results-Original: {AUTHSERV}; {PASS}",),
    "a pass in Received-SPF": (f"Received-SPF: pass ({AUTHSERV}; {PASS})",),
    "a pass in the subject": (f"Comments: Authentication-Results: {AUTHSERV}; {PASS}",),
}
"""What stands above a mail whose From is a participant's, where our server found no pass."""


def attempts(target: Target) -> Iterator[Attempt]:
    """Yield every attempt: outsiders with every claim, and pretended insiders where senders are checked."""
    claims = _claims(target)
    for who, senders in OUTSIDERS.items():
        for what, headers in (*claims.items(), *_signed(target).items()):
            yield Attempt(f"{who} | {what}", _mail(senders, headers))
    insiders = {
        "the requester": (("From", ANN),),
        "a colleague": (("From", "Bob <bob@acme.example>"),),
        "a member of staff": (("From", f"Tech <technician@{OURS}>"),),
        "the requester before a stranger": (("From", ANN), ("From", "eve@elsewhere.example")),
    }
    for who, senders in insiders.items():
        for proof, above in UNPROVEN.items():
            for what, headers in _conversations(target).items():
                yield Attempt(f"{who}, {proof} | {what}", _mail(senders, headers, above=above), checked=True)


def genuine(target: Target) -> Iterator[Attempt]:
    """Yield what the requester may do: these get in, or the attempts above prove nothing."""
    proven = (f"Authentication-Results: {AUTHSERV}; {PASS}",)
    for what, headers in (*_signed(target).items(), *_conversations(target).items()):
        if what != "its own Message-ID" and "capitals" not in what:
            yield Attempt(f"the requester | {what}", _mail((("From", ANN),), headers))
            yield Attempt(
                f"the requester, proven | {what}", _mail((("From", ANN),), headers, above=proven), checked=True
            )


def _mail(senders: tuple[Header, ...], claim: tuple[Header, ...], *, above: tuple[str, ...] = ()) -> bytes:
    said = {name for name, _ in claim}
    number = next(_numbers)
    rest = {"To": MAILBOX, "Subject": f"Hello {number}", "Message-ID": f"<attempt-{number}@elsewhere.example>"}
    lines = [*above, *(f"{name}: {value}" for name, value in (*senders, *claim))]
    lines += [f"{name}: {value}" for name, value in rest.items() if name not in said]
    return "\r\n".join([*lines, "", f"Let me in ({number}).", ""]).encode()


def _mac(target: Target, unsigned: str) -> str:
    """Return a signature by our key over the subject alone: what it was before a purpose belonged to it."""
    digest = hmac.new(target.keys[1], unsigned.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:10]).decode().lower()

"""docs/mail.md rules 29 and 30: names, subjects and file names as programs really write them."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.intake.parser.header_text import read_addresses
from helpdesk.intake.parser.read import parse
from helpdesk.outbox.domain import Address


def word(text: str, charset: str, codec: str) -> str:
    return f"=?{charset}?B?{base64.b64encode(text.encode(codec)).decode()}?="


def header(name: str, value: str):
    return parse(f"{name}: {value}\r\n\r\nx".encode())


@pytest.mark.parametrize(
    ("value", "subject"),
    [
        (word("日本語の件名", "iso-2022-jp", "iso2022_jp"), "日本語の件名"),
        (word("中文標題", "gb2312", "gb18030"), "中文標題"),
        (word("Привет", "koi8-r", "koi8-r"), "Привет"),
        (word("hi", "utf-16", "utf-16"), "hi"),
        ("=?unicode-1-1-utf-7?Q?+ANw-bermittlung?=", "Übermittlung"),
        ("=?utf-8?B?w?= =?utf-8?B?7Q==?=", "wí"),
        ("=?utf-8?Q?a=C3?=\r\n =?utf-8?Q?=BC?=", "aü"),
        ('"=?utf-8?Q?Gr=C3=BC=C3=9Fe?="', '"Grüße"'),
        ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe\r\n an alle?=", "Grüße an alle"),
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=text", "Grüßetext"),
        ("=?utf-8*de?Q?=C3=BC?=", "ü"),
        ("=?windows-1252?Q?=80_5?=", "€ 5"),
        ("=?x-unknown?Q?=FC?=", "ü"),
        ("=?utf-8?Q?=FC?=", "ü"),
        ("Grüße", "Grüße"),
        ("=?UTF-8?Q?a_=E2=80=AE_b?=", "a  b"),
        ("=?utf-8?Q?line=0D=0ABcc:_x@y?=", "line Bcc: x@y"),
        ("=?utf-8?Q??=", ""),
        (word("日本", "utf-8", "utf-8") + word("語", "utf-8", "utf-8"), "日本語"),
        ("=?utf-8?B?8J+YgA==?= =?us-ascii?Q?ok?=", "😀ok"),
    ],
)
def test_subjects(value, subject):
    assert header("Subject", value).subject == subject


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("Doe, Jane <jane@x.example>", "Doe, Jane", "jane@x.example"),
        ('"Doe, Jane" <jane@x.example>', "Doe, Jane", "jane@x.example"),
        ("=?utf-8?Q?Doe=2C_J=C3=A4ne?= <jane@x.example>", "Doe, Jäne", "jane@x.example"),
        ('"=?utf-8?Q?J=C3=B6rg?=" <j@x.example>', "Jörg", "j@x.example"),
        ("jane@x.example (Jane Doe)", "Jane Doe", "jane@x.example"),
        ("Jane (the boss) Doe <jane@x.example>", "Jane Doe (the boss)", "jane@x.example"),
        ("<@relay.example,@b.example:jane@x.example>", "", "jane@x.example"),
        ("Jörg <jörg@bücher.example>", "Jörg", "jörg@bücher.example"),
        ('"Jane \\"JD\\" Doe" <jane@x.example>', 'Jane "JD" Doe', "jane@x.example"),
        ("'Jane' <jane@x.example>", "Jane", "jane@x.example"),
        ("mailto:jane@x.example", "", "jane@x.example"),
        ("[jane@x.example]", "", "jane@x.example"),
        ("<jane@x.example", "", "jane@x.example"),
        ("jane @ x . example", "", "jane@x.example"),
        ('"j@ne"@x.example', "", '"j@ne"@x.example'),
        ("jane@x.ex\u202eample\x00", "", "jane@x.example"),
    ],
)
def test_senders(value, name, address):
    sender = header("From", value).sender

    assert (sender.name, sender.address) == (name, address)


@pytest.mark.parametrize(
    "value",
    [
        '"support@bank.example" <evil@x.example>',
        "support@bank.example <evil@x.example>",
        word("support@bank.example", "utf-8", "utf-8") + " <evil@x.example>",
        '"<support@bank.example>" <evil@x.example>',
        "=?utf-8?Q?support=40bank.example=3E?= <evil@x.example>",
    ],
)
def test_the_address_in_angle_brackets_counts_and_another_one_in_the_name_is_warned_of(value):
    read = header("From", value)

    assert read.sender.address == "evil@x.example"
    assert (
        "the sender's name shows the address support@bank.example, but the mail is from evil@x.example" in read.warnings
    )


def test_a_name_that_is_the_address_itself_is_no_disguise():
    assert header("From", '"Jane@X.example" <jane@x.example>').warnings == ()


def test_groups_and_empty_places_in_a_list_of_addresses():
    read = header("To", 'Team: a@x.example, "B" <b@x.example>;, c@x.example, , undisclosed-recipients:;')

    assert [person.address for person in read.to] == ["a@x.example", "b@x.example", "c@x.example"]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("attachment; filename*=utf-8''%C3%BCber.pdf", "über.pdf"),
        ("attachment; filename*0*=utf-8''%C3; filename*1*=%BCber; filename*2=.pdf", "über.pdf"),
        ("attachment; filename=plain.pdf; filename*=utf-8''%C3%BCber.pdf", "über.pdf"),
        ("attachment; filename*=iso-8859-1'de'%FCber.pdf", "über.pdf"),
        ("attachment; filename*=bogus''%FC.txt", "ü.txt"),
        ('attachment; filename="=?utf-8?Q?=C3=BC?=\r\n =?utf-8?Q?ber.pdf?="', "über.pdf"),
        ("attachment; filename==?utf-8?Q?=C3=BCber.pdf?=", "über.pdf"),
        ("attachment; filename=two words.pdf", "two words.pdf"),
        ('attachment; filename="über.pdf"', "über.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\tmp\\\\x.doc"', "x.doc"),
        ('attachment; filename="a\u202efdp.exe"', "afdp.exe"),
        ("attachment; filename*0=long; filename*1=name.pdf", "longname.pdf"),
        ('attachment; filename=""', "file.bin"),
    ],
)
def test_names_of_files(value, name):
    raw = f"Content-Type: application/octet-stream\r\nContent-Disposition: {value}\r\n\r\nx".encode()

    assert [file.name for file in parse(raw).attachments] == [name]


NAMES = st.from_regex(r"[A-Za-z0-9]+(?:[ '-][A-Za-z0-9]+){0,3}", fullmatch=True)
LABELS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,8}", fullmatch=True)


@settings(max_examples=150)
@given(name=NAMES | st.just(""), local=st.lists(LABELS, min_size=1, max_size=3), domain=st.lists(LABELS, min_size=2))
def test_a_plain_address_is_read_as_the_whole_grammar_reads_it(name: str, local: list[str], domain: list[str]) -> None:
    address = f"{'.'.join(local)}@{'.'.join(domain)}"
    value = f"{name}\r\n <{address}>" if name else address

    alone = read_addresses((value,))
    among_others = read_addresses((f"{value}, Bo <bo@bolt.example>",))

    assert alone == among_others[:1] == (Address(name, address),)

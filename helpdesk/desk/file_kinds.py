"""As what a file is shown: a picture, a page, a text, a mail, a calendar, or not at all (docs/desk.md rule 63)."""

import re

PICTURE, PDF, TEXT, MAIL, CALENDAR, OTHER = "picture", "pdf", "text", "mail", "calendar", "other"
UNSAID = frozenset({"", "application/octet-stream", "application/x-octet-stream", "binary/octet-stream"})

_BY_TYPE = {
    **dict.fromkeys(("image/png", "image/jpeg", "image/gif", "image/webp"), PICTURE),
    "application/pdf": PDF,
    "message/rfc822": MAIL,
    **dict.fromkeys(("text/calendar", "application/ics"), CALENDAR),
    **dict.fromkeys(
        (
            *("application/json", "application/ld+json", "application/xml", "application/javascript"),
            *("application/x-sh", "application/sql", "application/x-yaml", "application/yaml", "application/toml"),
            *("application/x-httpd-php", "application/xhtml+xml", "image/svg+xml", "message/delivery-status"),
        ),
        TEXT,
    ),
}
_BY_ENDING = {
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp"), PICTURE),
    "pdf": PDF,
    "eml": MAIL,
    "ics": CALENDAR,
    **dict.fromkeys(("txt", "text", "log", "csv", "tsv", "md", "rst", "ini", "cfg", "conf", "env", "properties"), TEXT),
    **dict.fromkeys(
        ("toml", "yaml", "yml", "json", "xml", "html", "htm", "svg", "css", "js", "mjs", "ts", "tsx"), TEXT
    ),
    **dict.fromkeys(("jsx", "vue", "py", "rb", "php", "pl", "lua", "go", "rs", "java", "kt", "c", "h", "cc"), TEXT),
    **dict.fromkeys(("cpp", "hpp", "cs", "swift", "scala", "sh", "bash", "zsh", "ps1", "bat", "cmd", "sql"), TEXT),
    **dict.fromkeys(("diff", "patch", "tex", "srt", "vtt", "vcf", "reg", "plist"), TEXT),
}
_NOT_SHOWN = frozenset({"text/rtf"})
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def kind_of(name: str, content_type: str) -> str:
    """Return as what a file is shown, by the type that came with it; where none did, by the ending of its name."""
    said = content_type.lower().partition(";")[0].strip()
    if said in _BY_TYPE:
        return _BY_TYPE[said]
    if said in UNSAID or said.startswith("text/"):
        _, dot, ending = name.rpartition(".")
        by_ending = _BY_ENDING.get(ending.lower()) if dot else None
        if by_ending is not None:
            return by_ending
        if said not in UNSAID and said not in _NOT_SHOWN:
            return TEXT
    return OTHER


def seen(text: str) -> str:
    """Return the lines with the signs that nobody sees named: what turns it round, hides in it, or rings a bell."""
    return _UNSEEN.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text)

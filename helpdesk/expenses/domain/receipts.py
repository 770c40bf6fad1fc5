"""What a receipt may be: its kinds by their first bytes, and its limits. Pure."""

from dataclasses import dataclass

MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 60_000_000
MOST_PAGES = 100
MOST_RECEIPTS = 10
LONGEST_EDGE = 2600
NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A receipt that is fit to be stored: a picture drawn anew without its metadata, or a PDF that could be opened."""

    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A stored file that is to become a receipt."""

    digest: str
    name: str
    content_type: str
    size_bytes: int


def kind_of(content: bytes) -> str:
    """Return what the first bytes say that a file is: jpeg, png, webp, heic, pdf; an empty text for anything else."""
    if content[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content[4:8] == b"ftyp" and content[8:12] in {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}:
        return "heic"
    return "pdf" if content[:5] == b"%PDF-" else ""


def shown_name(name: str, content_type: str) -> str:
    """Return the name under which a receipt is shown and saved: no folders, no odd signs, the ending of what it is."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(sign if sign.isalnum() or sign in " ._-()" else "_" for sign in last).strip(" .")
    stem = (plain.rpartition(".")[0] or plain or "receipt")[:NAME_LENGTH]
    return f"{stem}.{ {'image/jpeg': 'jpg', 'image/png': 'png'}.get(content_type, 'pdf') }"

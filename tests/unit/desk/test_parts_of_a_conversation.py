"""Which messages of a conversation are shown (docs/desk.md rule 69)."""

from types import SimpleNamespace

import pytest

from helpdesk.desk.conversation_page import beside, shown
from helpdesk.desk.render import automatic_kind


def messages(count):
    return [SimpleNamespace(id=1000 + place) for place in range(count)]


@pytest.mark.parametrize(
    ("count", "at", "first", "last"),
    [
        (0, None, 0, 0),
        (60, None, 0, 60),
        (60, 1000, 0, 60),
        (61, None, 21, 61),
        (500, None, 460, 500),
        (500, 1470, 460, 500),
        (500, 1000, 0, 40),
        (500, 1200, 195, 240),
        (500, 1430, 425, 500),
        (500, 99, 460, 500),
    ],
)
def test_the_newest_are_shown_or_those_around_the_one_that_somebody_came_for(count, at, first, last):
    assert shown(messages(count), at=at) == range(first, last)


@pytest.mark.parametrize(
    ("before", "after", "first", "last"),
    [(1460, None, 400, 460), (1030, None, 0, 30), (None, 1239, 240, 300), (None, 1480, 481, 500), (7, None, 0, 0)],
)
def test_what_comes_before_or_after_is_asked_for_in_steps(before, after, first, last):
    assert beside(messages(500), before=before, after=after) == range(first, last)


@pytest.mark.parametrize(
    ("reasons", "kind"),
    [
        (["Auto-Submitted: auto-replied", "empty return path"], "Automatic answer"),
        (["empty return path", "delivery report"], "Delivery report"),
        (["Precedence: bulk", "mailing list or newsletter (List-Id)"], "Mailing list"),
        (["sent by mailer-daemon"], "Mail of a system"),
        (["empty return path"], "Automatic mail"),
    ],
)
def test_automatic_mail_has_a_name_for_its_kind(reasons, kind):
    assert automatic_kind(reasons) == kind

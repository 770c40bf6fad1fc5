"""Who a note names by `@` (docs/notifications.md rules 9 to 11)."""

import pytest
from markupsafe import Markup

from helpdesk.tickets.mentions import Mention, Named, marked, mentions_in, pieces

PEOPLE = [
    Named(1, "Ann Lee", "ann@halden.example"),
    Named(2, "Ann Lee-Ray", "ann.lr@halden.example"),
    Named(3, "Jürgen Groß", "jg@halden.example"),
    Named(4, "Ann Lee", "ann2@halden.example"),
]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Ann Lee, look", [(1, "@Ann Lee")]),
        ("see @ann lee.", [(1, "@ann lee")]),
        ("(@Ann Lee-Ray)", [(2, "@Ann Lee-Ray")]),
        ("@JÜRGEN GROß and @jg", [(3, "@JÜRGEN GROß")]),
        ("@ann.lr: and @ann", [(2, "@ann.lr"), (1, "@ann")]),
        ("@ann2@halden.example knows", [(4, "@ann2@halden.example")]),
        ("first line\n@Ann Lee\nlast", [(1, "@Ann Lee")]),
        ("write to ann@acme.example or x@Ann Lee", []),
        ("@annika, @ann.acme.example, @ann@acme.example, @ann_x", []),
        ("@ Ann Lee, @@ann, /@ann", []),
        ("nobody", []),
        ("@", []),
    ],
)
def test_names_and_logins_after_the_sign_and_nothing_like_an_address(text, named):
    assert mentions_in(text, PEOPLE) == [Mention(person_id, label) for person_id, label in named]


def test_a_text_is_cut_where_somebody_is_named():
    text = "@Ann Lee and ann@Ann Lee, @Ann Lee-Ray @ann"

    assert pieces(text, ["@Ann Lee", "@Ann Lee-Ray"]) == [
        ("@Ann Lee", True),
        (" and ann@Ann Lee, ", False),
        ("@Ann Lee-Ray", True),
        (" @ann", False),
    ]
    assert pieces(text, []) == [(text, False)]


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>see @Ann O&amp;K.</p>", '<p>see <b class="mention">@Ann O&amp;K</b>.</p>'),
        ("<p><strong>@Ann O&amp;K</strong></p>", '<p><strong><b class="mention">@Ann O&amp;K</b></strong></p>'),
        ("<code>@Ann O&amp;K</code> <em>x</em>", "<code>@Ann O&amp;K</code> <em>x</em>"),
        ("<p>@O'Hara</p>", '<p><b class="mention">@O\'Hara</b></p>'),
        (
            '<a href="https://x.example/@Ann O&amp;K>">@Ann O&amp;K</a> @ann o&amp;k',
            '<a href="https://x.example/@Ann O&amp;K>">@Ann O&amp;K</a> <b class="mention">@ann o&amp;k</b>',
        ),
    ],
)
def test_names_are_marked_in_the_text_of_formatted_notes_alone(html, shown):
    assert marked(Markup(html), ["@Ann O&K", "@O'Hara"]) == shown  # noqa: S704 - ours
    assert marked(Markup(html), []) == html  # noqa: S704 - ours

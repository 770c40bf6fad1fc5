"""The review at month-end compares a draft with the invoice of the month before, subject by subject."""

from helpdesk.invoicing.domain.comparison import Change, Figure, compare


def figure(subject: str, amount_minor: int, note: str = "") -> Figure:
    return Figure(subject, subject.title(), note, amount_minor)


def test_each_subject_is_the_same_changed_added_or_gone():
    before = [figure("fee", 4200), figure("labels", 656), figure("on-site day", 640)]
    after = [figure("fee", 4200), figure("overage", 420), figure("labels", 1102)]

    compared = compare(before, after)

    assert [(each.label, each.change, each.before_minor, each.after_minor) for each in compared] == [
        ("Fee", Change.SAME, 4200, 4200),
        ("Overage", Change.ADDED, None, 420),
        ("Labels", Change.CHANGED, 656, 1102),
        ("On-Site Day", Change.GONE, 640, None),
    ]


def test_lines_of_one_subject_are_added_up():
    [overage] = compare([], [figure("overage", 300, "2:30 × 120.00"), figure("overage", 120, "1:00 × 120.00")])

    assert (overage.after_minor, overage.note) == (420, "2:30 × 120.00, 1:00 × 120.00")


def test_nothing_against_nothing_is_nothing():
    assert compare([], []) == []

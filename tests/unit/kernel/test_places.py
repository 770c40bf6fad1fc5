"""What people put in order moves by one place."""

import pytest

from helpdesk.kernel.places import moved


@pytest.mark.parametrize(
    ("one", "up", "after"), [("b", True, "bac"), ("b", False, "acb"), ("a", True, "abc"), ("c", False, "abc")]
)
def test_it_moves_by_one_place_and_at_the_end_it_stays(one, up, after):
    before = tuple("abc")

    assert "".join(moved(before, one, up=up)) == after
    assert before == tuple("abc")

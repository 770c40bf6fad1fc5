"""What leaves a plan together, and which links that tears."""

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.projects.domain.leaving import torn, with_all_below

NUMBERS = st.integers(1, 8)


def test_a_task_takes_all_below_it_along_each_after_the_one_above():
    parents = {1: None, 2: 1, 3: 1, 4: 2, 5: None, 6: 5}

    assert with_all_below(parents, 1) == [1, 2, 4, 3]
    assert with_all_below(parents, 2) == [2, 4]
    assert with_all_below(parents, 3) == [3]


def test_tasks_in_a_circle_are_walked_once():
    assert with_all_below({1: 2, 2: 1, 3: 1}, 1) == [1, 2, 3]


def test_links_are_torn_where_one_end_goes_and_the_other_stays():
    links = [(10, 1, 2), (11, 2, 3), (12, 3, 1), (13, 3, 4)]

    assert torn(links, {1, 2}) == [11, 12]


@given(parents=st.dictionaries(NUMBERS, st.none() | NUMBERS), links=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS)))
def test_nothing_that_stays_hangs_below_what_goes_or_is_linked_with_it(parents, links):
    going = with_all_below(parents, 1)
    lost = set(torn(links, set(going)))

    assert going[0] == 1
    assert len(going) == len(set(going))
    assert [child for child, parent in parents.items() if parent in going and child not in going] == []
    kept = [(before, after) for number, before, after in links if number not in lost]
    assert all((before in going) == (after in going) for before, after in kept)

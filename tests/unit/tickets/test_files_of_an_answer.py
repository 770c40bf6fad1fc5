"""What goes along with an answer (docs/answering.md rule 14)."""

import pytest

from helpdesk.kernel.errors import RuleViolation
from helpdesk.tickets.domain import MOST_FILE_BYTES, MOST_FILES, FilesDoNotFit, Misfit, check_files, words_of_misfits


@pytest.mark.parametrize("sizes", [[], [1], [1] * MOST_FILES, [MOST_FILE_BYTES - 1, 1]])
def test_what_fits_passes(sizes: list[int]) -> None:
    check_files(sizes)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ([1] * (MOST_FILES + 1), "20 files"),
        ([MOST_FILE_BYTES, 1], "have 15.1 MB; at most 15 MB go along"),
        ([5, 0], "The file is empty"),
    ],
)
def test_what_does_not_fit_says_why(sizes: list[int], words: str) -> None:
    with pytest.raises(RuleViolation, match=words):
        check_files(sizes)


def test_files_that_are_left_out_for_one_reason_are_named_in_one_sentence() -> None:
    large, many = FilesDoNotFit("large", "Too much."), FilesDoNotFit("many", "20 files go along at most.")
    other = RuleViolation("This is no picture.")
    misfits = [Misfit("film.mov", 17_000_000, large), *(Misfit(f"{each}.log", 5, many) for each in range(5))]
    misfits += [Misfit("a{}.log", 9_000_000, large), Misfit("b.log", 9_000_000, large), Misfit("x.svg", 5, other)]

    assert words_of_misfits(misfits) == [
        "film.mov: 16.3 MB; at most 15 MB.",
        "20 files go along at most. Left out: 0.log, 1.log, 2.log and 2 more.",
        "At most 15 MB go along together. Left out: a{}.log, b.log.",
        "x.svg: This is no picture.",
    ]

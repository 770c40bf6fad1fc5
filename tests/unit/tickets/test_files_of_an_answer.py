"""What goes along with an answer (docs/answering.md rule 14)."""

import pytest

from helpdesk.kernel.errors import RuleViolation
from helpdesk.tickets.domain import MOST_FILE_BYTES, MOST_FILES, check_files


@pytest.mark.parametrize("sizes", [[], [1], [1] * MOST_FILES, [MOST_FILE_BYTES - 1, 1]])
def test_what_fits_passes(sizes: list[int]) -> None:
    check_files(sizes)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ([1] * (MOST_FILES + 1), "20 files"),
        ([MOST_FILE_BYTES, 1], "15 MB; these have 15.0 MB"),
        ([5, 0], "The file is empty"),
    ],
)
def test_what_does_not_fit_says_why(sizes: list[int], words: str) -> None:
    with pytest.raises(RuleViolation, match=words):
        check_files(sizes)

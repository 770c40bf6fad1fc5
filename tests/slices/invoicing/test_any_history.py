"""Any history of approve, close, draft, issue, void, credit, pay, late time and kills leaves the books in order."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.slices.invoicing.histories import history

EXAMPLES = {"sqlite": 4, "postgres": 2}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_no_history_charges_twice_loses_a_second_or_changes_a_fact(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    run_state_machine_as_test(
        history.on(request.getfixturevalue(f"{kind}_house"), tmp_path / "files"),
        settings=settings(
            max_examples=EXAMPLES[kind],
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

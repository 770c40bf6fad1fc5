"""Many histories, seed after seed until the time is over: ``python -m tests.slices.invoicing.histories``.

``--seconds 300 --seed 1 --steps 40 --postgresql``. Prints how many histories and looks at the books there were. A
history that breaks the books is shown as short as hypothesis finds it, with its seed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from helpdesk.accounts import service as accounts
from tests.conftest import PostgresHouse, SqliteHouse, migrate_cluster, migrate_file
from tests.postgres import cluster
from tests.slices.invoicing.histories import history

BATCH = 20


def main() -> None:
    """Run until the time is over, or a history breaks the books."""
    parser = argparse.ArgumentParser(prog="histories", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=40, help="acts of a history at most")
    parser.add_argument("--postgresql", action="store_true", help="on a private PostgreSQL instead of SQLite")
    given = parser.parse_args()
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # noqa: SLF001 - as tests do
    began, seed = time.monotonic(), given.seed
    with _house(postgresql=given.postgresql) as (house, home):
        counted = _counting(history.on(house, home / "files"))
        while time.monotonic() < began + given.seconds:
            counted._hypothesis_internal_use_seed = seed  # noqa: SLF001 - what hypothesis.seed sets
            run_state_machine_as_test(
                counted,
                settings=settings(
                    max_examples=BATCH,
                    stateful_step_count=given.steps,
                    deadline=None,
                    database=None,
                    phases=(Phase.generate, Phase.shrink),
                    suppress_health_check=list(HealthCheck),
                ),
            )
            sys.stdout.write(f"seed {seed}: {counted.histories} histories, {counted.looks} looks at the books\n")
            sys.stdout.flush()
            seed += 1


@contextmanager
def _house(*, postgresql: bool) -> Iterator[tuple[SqliteHouse | PostgresHouse, Path]]:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        if not postgresql:
            migrate_file(home)
            yield SqliteHouse(home, template=home / "template.sqlite3"), home
            return
        migrate_cluster(home)
        with cluster(kept=home) as url:
            house = PostgresHouse(home, url)
            yield house, home
            house.close()


def _counting(machine: type[history.History]) -> Any:
    class Counting(machine):  # type: ignore[misc, valid-type]
        histories = 0
        looks = 0

        def finish(self) -> None:
            Counting.histories += 1
            super().finish()

        def the_books_hold(self) -> None:
            Counting.looks += 1
            super().the_books_hold()

    return Counting


if __name__ == "__main__":
    main()

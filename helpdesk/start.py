"""Where ``helpdesk`` begins: what is loaded stays to the end, so nobody looks for garbage in it meanwhile.

That took a fifth of the time until the first line of a command.
"""

import gc

gc.disable()

from helpdesk.cli import main as run  # noqa: E402 - after the line above, or that would say nothing


def main() -> None:
    """Run the command line, as :func:`helpdesk.cli.main` does."""
    gc.freeze()
    gc.enable()
    run()

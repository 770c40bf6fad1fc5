"""Measure an idle `helpdesk up`: memory of all its processes (summed PSS) and the share of a core they take."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

SETTLE_SECONDS = 10
WATCH_SECONDS = 30


def tree(pid: int) -> list[psutil.Process]:
    """Return the process and all its descendants."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def pss_bytes(process: psutil.Process) -> int:
    """Return the proportional set size: pages that are shared count in parts."""
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return the processor time that the processes have taken so far."""
    return sum(process.cpu_times().user + process.cpu_times().system for process in processes)


def main() -> None:
    """Start, let it settle, watch, stop, print."""
    with tempfile.TemporaryDirectory() as home:
        up = subprocess.Popen(
            [Path(sys.executable).with_name("helpdesk"), "up", "--port", "0"],
            env={**os.environ, "HELPDESK_HOME": home},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert up.stdout is not None  # noqa: S101 - it was asked for
        while not up.stdout.readline().startswith("Helpdesk is up"):
            if up.poll() is not None:
                sys.exit("helpdesk up did not start")
        names = {child["pid"]: child["name"] for child in json.loads((Path(home) / "up.json").read_text())["children"]}
        time.sleep(SETTLE_SECONDS)
        processes = tree(up.pid)
        before = cpu_seconds(processes)
        time.sleep(WATCH_SECONDS)
        share = (cpu_seconds(processes) - before) / WATCH_SECONDS
        for process in processes:
            print(f"  {names.get(process.pid, process.name()):24} {pss_bytes(process) / 1e6:7.1f} MB")
        print(f"idle: {sum(map(pss_bytes, processes)) / 1e6:.0f} MB PSS, {share:.1%} of a core")
        up.send_signal(signal.SIGTERM)
        up.wait(60)


if __name__ == "__main__":
    main()

"""Starts a program of this kit in a process of its own, where its chance can be replayed."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run_kit(program, *arguments):
    """Run `python -m faultkit.PROGRAM` to its end, and return the JSON that it prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"faultkit.{program}", *map(str, arguments)],
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests/support'}",
            "PYTHONHASHSEED": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

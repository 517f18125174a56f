"""Finalize attachment 2 with five rows, durable, beside one bare commit on the same disk.

    python tests/benchmarks/finalize.py

Bare is one TRUNCATE + FULL commit of as many bytes. Both take turns, so that a busy disk hits both.
"""

import json
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from stage import examples, stage

from client.services import Services, open_services

RUNS = 200
WALL_LIMIT = 3
CPU_LIMIT_MS = 1.5
LANGUAGE = "zh-CN"
ENTRY_BYTES = 3500


def main() -> None:
    """Run the benchmark and print its figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with stage(folder):
            pass
        bare, wall, cpu = [], [], []
        with open_services(folder / "home") as services, _bare_database(folder) as db:
            for answers in map(json.loads, examples(RUNS)):
                draft = _filled_draft(services, answers)
                bare.append(_bare_commit(db))
                seconds, cpu_seconds = _finalize(services, draft)
                wall.append(seconds)
                cpu.append(cpu_seconds)
    ratio = statistics.median(wall) / statistics.median(bare)
    print(
        f"finalize: {1000 * statistics.median(wall):.2f} ms, {ratio:.2f} bare commits of {1000 * statistics.median(bare):.2f} ms, limit {WALL_LIMIT}"
    )
    used = 1000 * statistics.median(cpu)
    print(
        f"finalize: CPU {used:.2f} ms, {used / CPU_LIMIT_MS:.2f} of the limit of {CPU_LIMIT_MS} ms"
    )


def _filled_draft(services: Services, answers: dict[str, Any]) -> str:
    filling = services.filling
    draft = filling.open_blank("attachment-2", LANGUAGE)
    reasons = answers.pop("_reasons", {})
    rows = answers.pop("contests")
    states = {state["path"]: state for state in filling.view(draft, LANGUAGE)["states"]}
    for name, value in answers.items():
        if not states[name]["read_only"]:
            filling.answer(draft, name, value, LANGUAGE)
    first = states["contests"]["rows"][0]
    paths = [f"contests[{first}]"]
    paths += [filling.add_row(draft, "contests", LANGUAGE)["added"][0] for _ in rows[1:]]
    for path, row in zip(paths, rows, strict=True):
        for name, value in row.items():
            if name not in {"_row", "number", "days"}:
                filling.answer(draft, f"{path}/{name}", value, LANGUAGE)
        given = row.get("_row")
        reasons = {key.replace(f"contests[{given}]", path): text for key, text in reasons.items()}
    for path, text in reasons.items():
        filling.give_reason(draft, path, text, LANGUAGE)
    filling.save_changed()
    return draft


def _finalize(services: Services, draft: str) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    outcome = services.finalize(draft)
    seconds = time.perf_counter() - wall, time.process_time() - cpu
    if outcome.get("state") != "saved":
        raise SystemExit(f"not saved: {outcome}")
    return seconds


class _bare_database:  # noqa: N801  # a context manager, used like a function
    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = TRUNCATE")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE entry (bytes BLOB)")

    def __enter__(self) -> sqlite3.Connection:
        return self._db

    def __exit__(self, *_: object) -> None:
        self._db.close()


def _bare_commit(db: sqlite3.Connection) -> float:
    began = time.perf_counter()
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO entry VALUES (?)", (b"x" * ENTRY_BYTES,))
    db.execute("COMMIT")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

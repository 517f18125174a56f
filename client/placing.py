"""Putting single answers, rows and orders in their places among the answers of an entry."""

from collections.abc import Sequence
from typing import Any

from client.views import ROW

Json = dict[str, Any]


def put_answer(answers: Json, path: str, value: Any) -> None:
    """Put an answer at an instance path, or take it away with None; a row that is gone takes none."""
    steps, name = _steps(path)
    holder = _holder(answers, steps)
    if holder is None:
        return
    if value is None:
        holder.pop(name, None)
    else:
        holder[name] = value


def put_order(answers: Json, path: str, order: Sequence[str]) -> None:
    """Put the rows of a repeat in an order; rows that it does not name stay behind the others."""
    steps, name = _steps(path)
    holder = _holder(answers, steps)
    if holder is None or not isinstance(order, list):
        return
    places = {row: place for place, row in enumerate(order)}
    rows = holder.get(name, [])
    holder[name] = sorted(rows, key=lambda row: places.get(row[ROW], len(places)))


def take_row_away(answers: Json, path: str) -> None:
    """Take the row at an instance path away."""
    place, _, row_id = path.removesuffix("]").rpartition("[")
    steps, name = _steps(place)
    holder = _holder(answers, steps)
    if holder is not None:
        holder[name] = [row for row in holder.get(name, ()) if row[ROW] != row_id]


def _steps(path: str) -> tuple[list[str], str]:
    *steps, name = path.split("/")
    return steps, name


def _holder(answers: Json, steps: Sequence[str]) -> Json | None:
    here: Json | None = answers
    for step in steps:
        name, _, row_id = step.removesuffix("]").partition("[")
        if here is None:
            return None
        if row_id:
            rows = here.get(name) or ()
            here = next((row for row in rows if row[ROW] == row_id), None)
        else:
            here = here.setdefault(name, {})
    return here

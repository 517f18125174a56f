"""A rule of the form that an answer breaks: a value, not an exception."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """Says which rule is broken where; `code` is the contract, `message` is for the person."""

    path: str
    code: str
    message: str

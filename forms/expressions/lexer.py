"""The text of an expression, cut into tokens with their columns.

- `*`, `and`, `or`, `mod` and `div` are operators only after something that can be an operand
  (XPath 1.0 §3.7).
- What is often mistyped (`==`, `&&`, typographic quotes, full-width signs) is refused with what
  would be right.
"""

import re
from dataclasses import dataclass

from forms.errors import ExpressionError

LENGTH_LIMIT = 10_000

_NAME = r"[^\W\d][\w.-]*"
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<reference>\$\{{\s*(?P<referred>{_NAME})\s*\}})
    | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    | (?P<literal>"[^"]*"|'[^']*')
    | (?P<name>{_NAME}(?::{_NAME})?)
    | (?P<mistake>==|&&|\|\||<>)
    | (?P<symbol>::|\.\.|//|!=|<=|>=|[()\[\],/.@|+\-*=<>])
    """,
    re.VERBOSE,
)
_WORD_OPERATORS = frozenset({"and", "or", "mod", "div"})
_OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">=", "+", "-", "|"})
_ENDS_OPERAND = frozenset({")", "]", ".", ".."})
_HINTS = {
    "==": "Write = to compare.",
    "<>": "Write != to compare.",
    "&&": "Write and.",
    "||": "Write or.",
    "&": "Write and.",
    "!": "Write not(…), or != to compare.",
    "$": "Write ${name} to refer to a question.",
    "{": "Write ${name} to refer to a question.",
    "'": "A text begins and ends with the same quote.",
    '"': "A text begins and ends with the same quote.",
    "\\": "Write div to divide.",
    "%": "Write mod for the remainder.",
    **dict.fromkeys("“”‘’＂＇", "Put texts in straight quotes: 'text'."),
    **dict.fromkeys("，、", "Write a plain comma: ,"),
    **dict.fromkeys("（）", "Write plain brackets: ( )"),
    **dict.fromkeys("＝＜＞≤≥≠", "Write = < > <= >= !="),
    **dict.fromkeys("×÷", "Write * to multiply and div to divide."),
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression; `kind` is number, literal, name, reference, operator, symbol or end."""

    kind: str
    text: str
    column: int


def tokenize(text: str) -> list[Token]:
    """Cut an expression into tokens, the last of them of kind `end`.

    Raises:
        ExpressionError: a character that no token begins with, or a text too long.
    """
    if len(text) > LENGTH_LIMIT:
        raise ExpressionError(
            f"The expression is longer than {LENGTH_LIMIT} characters.",
            column=LENGTH_LIMIT + 1,
            code="too_long",
        )
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup == "mistake":
            raise _mistake(text, position, match)
        if match.lastgroup != "space":
            tokens.append(_token(match, tokens))
        position = match.end()
    tokens.append(Token("end", "", len(text) + 1))
    return tokens


def _token(match: re.Match[str], before: list[Token]) -> Token:
    kind, text = str(match.lastgroup), match[0]
    if kind == "literal":
        text = text[1:-1]
    elif kind == "reference":
        text = match["referred"]
    elif text in _OPERATORS or ((text in _WORD_OPERATORS or text == "*") and _is_operand(before)):
        kind = "operator"
    return Token(kind, text, match.start() + 1)


def _is_operand(before: list[Token]) -> bool:
    if not before:
        return False
    last = before[-1]
    return last.kind in ("number", "literal", "name", "reference") or last.text in _ENDS_OPERAND


def _mistake(text: str, position: int, match: re.Match[str] | None) -> ExpressionError:
    found = match[0] if match is not None else text[position]
    return ExpressionError(
        f"“{found}” has no meaning here.",
        column=position + 1,
        code="syntax",
        hint=_HINTS.get(found, ""),
    )

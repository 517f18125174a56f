"""Tokens to a tree: the grammar of XPath 1.0 as far as ODK XForms has it.

- Nothing but `ExpressionError` comes out of bad input, with the column and, where known, a remedy.
- Nesting is bounded, and with it the depth of the tree: no input exhausts the stack.
- What XPath has and ODK XForms has not (other axes, attributes, `//`, variables) is refused by name.
"""

from forms.errors import ExpressionError
from forms.expressions.lexer import Token, tokenize
from forms.expressions.nodes import (
    PRECEDENCE,
    Call,
    Chain,
    Expression,
    Here,
    Link,
    Literal,
    Negate,
    Number,
    Path,
    Reference,
    Root,
    Step,
)

NESTING_LIMIT = 80
_AXES = {"child": "child", "parent": "parent", "self": "self"}


def parse_expression(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: the text is none (`syntax`), too long or nested too deep.
    """
    parser = _Parser(tokenize(text))
    tree = parser.expression()
    parser.expect_end()
    return tree


class _Parser:
    """Recursive descent with precedence climbing over one list of tokens."""

    __slots__ = ("_depth", "_index", "_token", "_tokens")

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._index = 0
        self._token = tokens[0]
        self._depth = 0

    def expression(self, least: int = 0) -> Expression:
        self._enter()
        tree = self._unary()
        while self._precedence() >= least and self._token.kind == "operator":
            tree = self._chain(tree)
        self._depth -= 1
        return tree

    def expect_end(self) -> None:
        if self._token.kind != "end":
            raise self._unexpected("the end or an operator")

    def _chain(self, first: Expression) -> Chain:
        level = self._precedence()
        links = []
        while self._token.kind == "operator" and self._precedence() == level:
            operator = self._advance()
            links.append(Link(operator.text, self.expression(level + 1), operator.column))
        return Chain(first, tuple(links), links[0].column)

    def _precedence(self) -> int:
        return PRECEDENCE.get(self._token.text, 0) if self._token.kind == "operator" else -1

    def _unary(self) -> Expression:
        if self._token.kind == "operator" and self._token.text == "-":
            self._enter()
            column = self._advance().column
            tree: Expression = Negate(self._unary(), column)
            self._depth -= 1
            return tree
        return self._union()

    def _union(self) -> Expression:
        first = self._operand()
        links = []
        while self._token.kind == "operator" and self._token.text == "|":
            column = self._advance().column
            links.append(Link("|", self._operand(), column))
        return Chain(first, tuple(links), links[0].column) if links else first

    def _operand(self) -> Expression:
        token = self._token
        match token.kind:
            case "number":
                return self._number()
            case "literal":
                self._advance()
                return Literal(token.text, token.column)
            case "reference":
                self._advance()
                return self._from(Reference(token.text, token.column))
            case "name" if self._next().text == "(" and self._next().kind == "symbol":
                return self._from(self._call())
        return self._path_or_brackets()

    def _path_or_brackets(self) -> Expression:
        token = self._token
        if token.kind == "symbol" and token.text == "(":
            self._advance()
            tree = self.expression()
            self._take(")")
            if self._token.text in ("[", "/") and self._token.kind == "symbol":
                raise self._error("A path cannot go on from brackets.", "unsupported")
            return tree
        if token.kind == "symbol" and token.text == "/":
            self._advance()
            return Path(Root(token.column), (), self._steps(), token.column)
        if token.kind == "name" or token.text in (".", "..", "@", "*", "//"):
            return Path(Here(token.column), (), self._steps(), token.column)
        raise self._unexpected("a value")

    def _number(self) -> Number:
        token = self._advance()
        value = float(token.text)
        if value == float("inf"):
            raise ExpressionError("The number is too large.", column=token.column, code="syntax")
        return Number(value, token.column)

    def _call(self) -> Call:
        name = self._advance()
        self._take("(")
        arguments = []
        if self._token.text != ")" or self._token.kind != "symbol":
            arguments.append(self.expression())
            while self._token.kind == "symbol" and self._token.text == ",":
                self._advance()
                arguments.append(self.expression())
        self._take(")")
        return Call(name.text, tuple(arguments), name.column)

    def _from(self, start: Reference | Call) -> Expression:
        """Go on with predicates and steps after a start that may be a whole expression."""
        predicates = self._predicates()
        steps: tuple[Step, ...] = ()
        if self._token.kind == "symbol" and self._token.text in ("/", "//"):
            if self._token.text == "/":
                self._advance()
            steps = self._steps()
        return Path(start, predicates, steps, start.column) if predicates or steps else start

    def _steps(self) -> tuple[Step, ...]:
        steps = [self._step()]
        while self._token.kind == "symbol" and self._token.text in ("/", "//"):
            if self._token.text == "/":
                self._advance()
            steps.append(self._step())
        return tuple(steps)

    def _step(self) -> Step:
        token = self._token
        if token.kind == "symbol" and token.text in (".", ".."):
            self._advance()
            axis = "self" if token.text == "." else "parent"
            return Step(axis, "", self._predicates(), token.column)
        if token.kind != "name":
            raise self._no_step()
        self._advance()
        if self._token.kind == "symbol" and self._token.text == "::":
            return self._axis(token)
        return Step("child", token.text, self._predicates(), token.column)

    def _axis(self, axis: Token) -> Step:
        self._advance()
        if axis.text not in _AXES:
            message = f"The axis “{axis.text}” is not part of ODK XForms."
            raise ExpressionError(message, column=axis.column, code="unsupported")
        if self._token.kind == "name" and axis.text == "child":
            name = self._advance().text
        else:
            name = ""
            self._take_any_node(axis)
        return Step(axis.text, name, self._predicates(), axis.column)

    def _take_any_node(self, axis: Token) -> None:
        if axis.text == "child":
            raise self._no_step()
        if self._token.text == "*":
            self._advance()
            return
        if self._token.text != "node":
            raise self._unexpected("* or node()")
        self._advance()
        self._take("(")
        self._take(")")

    def _predicates(self) -> tuple[Expression, ...]:
        predicates = []
        while self._token.kind == "symbol" and self._token.text == "[":
            self._advance()
            predicates.append(self.expression())
            self._take("]")
        return tuple(predicates)

    def _next(self) -> Token:
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def _advance(self) -> Token:
        token = self._token
        self._index = min(self._index + 1, len(self._tokens) - 1)
        self._token = self._tokens[self._index]
        return token

    def _take(self, symbol: str) -> None:
        if self._token.kind != "symbol" or self._token.text != symbol:
            raise self._unexpected(f"“{symbol}”")
        self._advance()

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > NESTING_LIMIT:
            raise self._error("The expression is nested too deep.", "too_deep")

    def _no_step(self) -> ExpressionError:
        known = {
            "@": "Attributes are not part of ODK XForms.",
            "*": "The step * is not part of ODK XForms.",
            "//": "The step // is not part of ODK XForms.",
        }
        if self._token.text in known and self._token.kind == "symbol":
            return self._error(known[self._token.text], "unsupported")
        return self._unexpected("a name")

    def _unexpected(self, wanted: str) -> ExpressionError:
        token = self._token
        found = "the expression ends" if token.kind == "end" else f"“{token.text}” stands"
        return self._error(f"Here {found}, where {wanted} is expected.", "syntax")

    def _error(self, message: str, code: str) -> ExpressionError:
        return ExpressionError(message, column=self._token.column, code=code)

"""Everything that can go wrong with a form.

FormError                    the common parent; `code` is the contract, the text is for people
├── DefinitionError          a definition is refused: its author mends it at `path`
│   └── ExpressionError      one expression of it is refused, at `column` of its text
├── AnswerError              the caller handed in something that no answer can be (unknown path, wrong row)
└── ExampleError             no valid answers were found for a form; its author looks at `path`

An answer that breaks a rule of the form is no error but a value: `forms.validation.Violation`.
"""


class FormError(Exception):
    """Parent of every error of this package."""

    code = "form"

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class DefinitionError(FormError):
    """Say that a definition is refused, and where.

    `path` is the JSON path in the definition, as in `survey[3].children[0].constraint`.
    """

    code = "definition"

    def __init__(
        self, message: str, *, path: str = "", code: str | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.path = path


class ExpressionError(DefinitionError):
    """Say that an expression is refused; `column` counts from 1 in its text."""

    code = "expression"

    def __init__(
        self,
        message: str,
        *,
        column: int,
        path: str = "",
        code: str | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, path=path, code=code, hint=hint)
        self.column = column


class AnswerError(FormError):
    """Say that an operation on answers makes no sense; `path` is the instance path."""

    code = "answer"

    def __init__(
        self, message: str, *, path: str = "", code: str | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.path = path


class ExampleError(FormError):
    """Say that no valid example of answers was found; `path` is the instance path."""

    code = "no_example"

    def __init__(self, message: str, *, path: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path

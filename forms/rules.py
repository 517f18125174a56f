"""What a definition demands of a place, as closures ready to run.

A `Rule` is one compiled expression with what it draws on. `Rules` are all of one place. Absent
expressions are None, so that what a form does not use costs nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from forms.file_types import FileRule

Run = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One compiled expression; `run` takes the row that the expression stands in.

    `references` are the places it reads, by number, each with the depth of the outermost scope that
    the way there passes. `is_random`, `keeps_value` (it uses `once`) and `draws_on_entries` say why
    another device could not compute the result again.
    """

    run: Run
    source: str
    references: frozenset[tuple[int, int]] = frozenset()
    is_random: bool = False
    keeps_value: bool = False
    draws_on_entries: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A text with `${name}` in it: by language, either plain text or a closure."""

    texts: Mapping[str, str | Run]
    references: frozenset[tuple[int, int]] = frozenset()

    def render(self, row: Any, language: str, fallback: str) -> str:
        """Return the text in a language, with the answers it refers to."""
        texts = self.texts
        text = texts.get(language)
        if text is None:
            text = texts.get(fallback, texts.get(""))
        if text is None:
            text = next(iter(texts.values()), "")
        return text if isinstance(text, str) else str(text(row))


NO_MESSAGE = Message({})


@dataclass(frozen=True, slots=True)
class ChoiceList:
    """The list of a select: `own_entries` names it in `Form.instances`, if it is drawn from there.

    Of any other list, `order` numbers the names, `labels` holds a language's labels by name, and
    `all_choices` a language's names with their labels.
    """

    order: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    all_choices: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    own_entries: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything compiled for one place.

    `check` and `text` turn a JSON value into the canonical answer, and that into what an expression
    sees; both are there for questions only. `files` says which files answer a file question.
    `read_only` holds the rules of what is around it, too.
    """

    relevant: Rule | None = None
    calculation: Rule | None = None
    default: Rule | None = None
    required: Rule | None = None
    read_only: tuple[Rule, ...] = ()
    constraint: Rule | None = None
    soft_constraint: Rule | None = None
    choice_filter: Rule | None = None
    choices: ChoiceList | None = None
    files: FileRule | None = None
    label: Message = NO_MESSAGE
    hint: Message = NO_MESSAGE
    guidance_hint: Message = NO_MESSAGE
    required_message: Message = NO_MESSAGE
    constraint_message: Message = NO_MESSAGE
    soft_constraint_message: Message = NO_MESSAGE
    check: Run | None = None
    text: Run | None = None


NO_RULES = Rules()

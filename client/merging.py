"""Deciding what is contested of an entry: every contender beside the others, one of them taken.

* *ours* is what this device's own head has; where none or several of the contenders are its own, the
one that is shown (it comes first). *theirs* is what the others have, if that is one thing.
* One revision is made once everything is decided; it follows all heads. What is left to decide is
named, and nothing is saved before.
* Under a row that goes, and in an entry that is taken back, nothing else has to be decided.
"""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from client.deciding import dropped, without_place
from client.definitions import Definitions
from client.editing import Editing
from client.errors import EntryStateError, InputError
from client.finalize import Finalizer
from client.history import SHORTEST_DIGEST, Revised
from client.labels import Labels
from client.opening import Instance
from client.placing import put_answer, put_order, take_row_away
from client.replica import Replica
from client.views import VOID, View
from forms.definition import Question, walk
from forms.errors import AnswerError
from forms.paths import definition_path
from forms.values import check_value
from sync.merge import Contender, Contested

Json = dict[str, Any]
Choices = Mapping[str, Mapping[str, Any]]
"""By path: `{"choice": "ours"|"theirs"}`, `{"head": DIGEST}` or `{"value": VALUE}`.

With `text` beside the value, the text is taken where the question takes no such value.
"""

_ORDER = "#order"
_DIGEST = re.compile(r"sha256:[0-9a-f]{6,64}")
_SHORTEST = len("sha256:") + SHORTEST_DIGEST


class Merging:
    """The contested entries of this device."""

    def __init__(
        self, replica: Replica, definitions: Definitions, editing: Editing, finalizer: Finalizer
    ) -> None:
        self._replica = replica
        self._definitions = definitions
        self._editing = editing
        self._finalizer = finalizer

    def conflicts(self, entry: str, language: str) -> Json:
        """Return what is contested: `{"entry", "heads", "contested"}`, every contender with its author.

        `dropped` are the answers that the version of the form it is decided in has no place for.

        Raises:
            NotFoundError: there is no such entry.
        """
        view = self._replica.readable(entry)
        heads = {head["digest"]: head for head in self._replica.heads_of(entry)}
        told = Revised(self._replica.names())
        labels = Labels(self._definitions.form(view.definition), language)
        return {
            "entry": entry,
            "heads": [told.of(heads[digest]) for digest in view.heads],
            "contested": [self._contested(each, view, labels) for each in view.contested],
            "dropped": self._dropped(self._editing.resume(view), language),
        }

    def merge(self, entry: str, take: Choices) -> Json:
        """Save what was decided: `{"entry", "revision", "state", "dropped"}`, or `{"violations"}`.

        `dropped` are the answers, none of them contested, that the version of the form has no place
        for; the history keeps them.

        Raises:
            NotFoundError: there is no such entry.
            InputError: a path is not contested, or it is not clear what is taken.
            EntryStateError: something is left to decide, no version has a place for all that was
                taken, or a draft of the entry is open.
            StorageError: it could not be saved.
        """
        self._editing.require_no_draft(entry)
        view = self._replica.view(entry)
        decided = dict(self._decided(view, take))
        void = decided.get("")
        if void is not None and void.value == VOID:
            reason = void.reason or view.reason or ""
            parents = self._editing.parents(view)
            return self._finalizer.void(entry, view.form, view.definition, parents, reason)
        _require_all(view, decided)
        instance = self._editing.resume(_with(view, decided))
        _require_places(instance, decided)
        lost = self._dropped(instance, "")
        outcome = self._finalizer.finalize(instance)
        return {**outcome, "dropped": lost} if "revision" in outcome else outcome

    def _dropped(self, instance: Instance, language: str) -> list[Json]:
        """Return what a version drops, in the words of the newest that another head was made with."""
        used = instance.compiled.form.digest
        made_with = {head["definition"] for head in self._replica.heads_of(instance.entry)}
        others = self._definitions.newest_first(made_with - {used})
        form = self._definitions.form(others[0] if others else used)
        return dropped(instance, Labels(form, language))

    def _decided(self, view: View, take: Choices) -> Iterator[tuple[str, Contender]]:
        contested = {each.path: each for each in view.contested}
        for path, choice in take.items():
            if path not in contested:
                raise InputError(
                    f"{path or 'The entry as such'} is not contested.",
                    code="not_contested",
                    hint=f"See: tianbao merge {view.entry}",
                )
            if "text" in choice and self._is_text(view.definition, path, choice["value"]):
                choice = {"value": choice["text"]}  # noqa: PLW2901 - 12 is a text where texts are asked for
            yield path, self._chosen(contested[path], choice)

    def _is_text(self, definition: str, path: str, value: Any) -> bool:
        """Say whether a question takes no such value, so that what was typed is meant as a text."""
        form = self._definitions.form(definition)
        nodes = () if form is None else walk(form.survey)
        node = next((each for each in nodes if each.path == definition_path(path)), None)
        if not isinstance(node, Question) or value is None:
            return False
        try:
            check_value(node, value)
        except AnswerError:
            return True
        return False

    def _chosen(self, contested: Contested, choice: Mapping[str, Any]) -> Contender:
        ours = self._ours(contested)
        if choice.get("choice") == "ours":
            return ours
        if choice.get("choice") == "theirs":
            return _theirs(contested, ours)
        if "head" in choice:
            wanted = choice["head"]
            found = [each for each in contested.contenders if each.digest.startswith(wanted)]
            if len(found) == 1 and len(wanted) >= _SHORTEST:
                return found[0]
        elif "value" in choice:
            return _valued(contested, choice["value"])
        raise InputError(
            f"What is to be taken at {contested.path or 'the entry as such'} is none of those there.",
            code="choice",
            hint="ours, theirs, the digest of a head or its beginning (sha256:1a2b3c), or a value.",
        )

    def _ours(self, contested: Contested) -> Contender:
        own = [each for each in contested.contenders if self._replica.is_own(each.digest)]
        return own[0] if len(own) == 1 else contested.contenders[0]

    def _contested(self, contested: Contested, view: View, labels: Labels) -> Json:
        ours = self._ours(contested)
        return {
            "path": contested.path,
            "label": labels.path(contested.path, view.answers),
            "contenders": [
                {
                    "head": each.digest,
                    "present": each.is_present,
                    "value": each.value,
                    "text": labels.value(contested.path, each.value),
                    "reason": each.reason,
                    "shown": each is contested.contenders[0],
                    "ours": each is ours,
                }
                for each in contested.contenders
            ],
        }


def choice_of(text: str) -> dict[str, Any]:
    """Return the choice that a word on the command line means; a value is JSON, or else the `text`."""
    if text in ("ours", "theirs"):
        return {"choice": text}
    if _DIGEST.fullmatch(text):
        return {"head": text}
    try:
        return {"value": json.loads(text), "text": text}
    except ValueError:
        return {"value": text}


def _theirs(contested: Contested, ours: Contender) -> Contender:
    others = [each for each in contested.contenders if not _is_same(each, ours)]
    if others and all(_is_same(each, others[0]) for each in others):
        return others[0]
    raise InputError(
        f"More than two things stand against one another at {contested.path}.",
        code="ambiguous",
        hint="Name the value, or the digest of its head.",
    )


def _is_same(one: Contender, other: Contender) -> bool:
    return (one.is_present, one.value, one.reason) == (other.is_present, other.value, other.reason)


def _valued(contested: Contested, value: Any) -> Contender:
    """Return a contender that nobody holds; one that somebody holds keeps its reason."""
    for each in contested.contenders:
        if each.is_present and each.value == value:
            return each
    if contested.path.endswith("]") and not isinstance(value, bool | None):
        raise InputError(f"{contested.path} is taken with true or false.", code="choice")
    if contested.path == "" and value not in ("put", VOID):
        raise InputError("An entry as such is taken with put or void.", code="choice")
    is_present = value is not None and value is not False
    return Contender(digest="", is_present=is_present, value=value, reason=None)


def _require_all(view: View, decided: Mapping[str, Contender]) -> None:
    gone = tuple(
        f"{path}/" for path, each in decided.items() if path.endswith("]") and not each.is_present
    )
    left = [
        each.path or '"" (put or void)'
        for each in view.contested
        if each.path not in decided and not each.path.startswith(gone)
    ]
    if left:
        raise EntryStateError(
            f"Still to be decided: {', '.join(left)}.",
            code="undecided",
            hint=f"See: tianbao merge {view.entry}",
        )


def _require_places(instance: Instance, decided: Mapping[str, Contender]) -> None:
    """Make sure that nothing that was taken would be dropped."""
    taken = [path for path, each in decided.items() if each.is_present]
    if lost := without_place(taken, instance):
        raise EntryStateError(
            "The heads were made with versions of the form of which none has a place for all that "
            f"was taken: {', '.join(lost)}.",
            code="no_place",
            hint="Take nothing there (null), or edit the entry in the version that has it.",
        )


def _with(view: View, decided: Mapping[str, Contender]) -> View:
    answers, reasons = deepcopy(dict(view.answers)), dict(view.reasons)
    for path, taken in decided.items():
        if path.endswith(_ORDER):
            put_order(answers, path.removesuffix(_ORDER), taken.value)
        elif path.endswith("]"):
            if not taken.is_present:
                take_row_away(answers, path)
        elif path:
            put_answer(answers, path, taken.value if taken.is_present else None)
            reasons.pop(path, None)
            if taken.reason is not None:
                reasons[path] = taken.reason
    return replace(view, answers=answers, reasons=reasons)

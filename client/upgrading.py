"""Moving a draft to the newest version of its form, with a look beforehand at what would change.

* Nothing moves by itself: a draft keeps the version it was begun in, and old versions are taken for
ever.
* Answers are kept. Those that the newer version has no question for stay in the draft, out of sight,
and are left out when it is finalized: each is named before.
"""

from typing import Any

from client.deciding import dropped, leaves
from client.definitions import Definitions
from client.errors import NotFoundError
from client.filling import Filling
from client.labels import Labels
from client.opening import Instance, Opener
from client.replica import Replica
from client.violations import format_violations
from forms.definition import Form, Node, Question, Repeat, walk
from forms.violation import Violation

Json = dict[str, Any]


class Upgrading:
    """The drafts of this device, and the versions of their forms."""

    def __init__(
        self, definitions: Definitions, replica: Replica, opener: Opener, filling: Filling
    ) -> None:
        self._filling = filling
        self._definitions = definitions
        self._replica = replica
        self._opener = opener

    def preview(self, entry: str, language: str) -> Json:
        """Return what would change if a draft moved to the newest version of its form.

        Raises:
            NotFoundError: there is no draft of this entry.
            DefinitionError: this version of the program cannot read the newest version.
        """
        try:
            return self._filling.look(entry, lambda instance: self._told(instance, language))
        except NotFoundError as error:
            if error.code == "unknown_draft" and self._replica.has(entry):
                error.hint = "What was finalized stays in its version; open an edit to move that."
            raise

    def upgrade(self, entry: str, language: str) -> Json:
        """Move a draft to the newest version of its form; return what has changed.

        Raises:
            NotFoundError: there is no draft of this entry.
            DefinitionError: this version of the program cannot read the newest version.
            StorageError: it could not be written; it is tried again.
        """
        told = self.preview(entry, language)
        if not told["is_newest"]:
            self._filling.exchange(entry, self._moved)
        return {**told, "applied": True}

    def _moved(self, instance: Instance) -> Instance:
        newest = self._definitions.latest(instance.form_id)
        moved = self._opener.resume(
            instance.entry,
            newest,
            instance.kept_answers(),
            instance.kept_reasons(),
            instance.session.language,
        )
        moved.parents, moved.touched = instance.parents, instance.touched
        return moved

    def _told(self, instance: Instance, language: str) -> Json:
        moved = self._moved(instance)
        moved.session.language = language
        old, new = instance.compiled.form, moved.compiled.form
        labels = Labels(new, language)
        before = {(each.path, each.code) for each in instance.session.violations()}
        violations = [
            each for each in moved.session.violations() if (each.path, each.code) not in before
        ]
        return {
            "entry": instance.entry,
            "form": new.form_id,
            "from": {"version": old.version, "definition": old.digest},
            "to": {"version": new.version, "definition": new.digest},
            "is_newest": old.digest == new.digest,
            "applied": False,
            "kept": sum(1 for _ in leaves("", moved.session.answers())),
            "dropped": dropped(moved, Labels(old, language)),
            "new_questions": _added(old, new, labels),
            "new_required": _required(violations, labels, moved),
            "violations": [
                {**each, "label": labels.path(each["path"], moved.session.answers())}
                for each in format_violations(violations)
            ],
        }


def _added(old: Form, new: Form, labels: Labels) -> list[Json]:
    known = {node.path for node in walk(old.survey)}
    return [
        {"path": node.path, "label": labels.path(node.path, {})}
        for node in walk(new.survey)
        if node.path not in known and _is_asked(node)
    ]


def _is_asked(node: Node) -> bool:
    if isinstance(node, Question):
        return node.calculation is None
    return isinstance(node, Repeat)


def _required(violations: list[Violation], labels: Labels, moved: Instance) -> list[Json]:
    answers = moved.session.answers()
    return [
        {"path": each.path, "label": labels.path(each.path, answers)}
        for each in violations
        if each.code == "required"
    ]

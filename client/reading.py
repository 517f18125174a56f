"""An entry to be read: what it says, drawn with the form it was made with.

* The answers are those of the revision, or of several heads together, and not of the session, which
lends labels, choices and what is relevant. An entry that was taken back is read as it stood before.
* Without the definition (it may not have come yet) there is no drawing, and `definition` is None.
"""

from typing import Any

from client.errors import NotFoundError
from client.services import Services
from client.tree import static_tree
from client.views import answer_at
from forms.errors import DefinitionError
from forms.state import format_state

Json = dict[str, Any]


def read_entry(services: Services, entry: str, language: str) -> Json:
    """Return an entry as it is listed, with its answers, tree and states; a draft has no states.

    Raises:
        NotFoundError: there is no such entry.
    """
    listed = services.entry(entry, language)
    if listed["revision"] is None:
        return {**listed, "definition": None, "states": []}
    try:
        return {**listed, **_drawn(services, listed, language)}
    except (NotFoundError, DefinitionError):
        return {**listed, "definition": None, "states": []}


def _drawn(services: Services, listed: Json, language: str) -> Json:
    view = services.replica.shown(listed["entry"])
    answers = view.answers
    instance = services.opener.resume(view.entry, view.definition, answers, view.reasons, language)
    drawn = format_state(instance.session.state(language))
    for state in drawn["states"]:
        if state["kind"] == "question":
            state["value"] = answer_at(answers, state["path"])
    return {**drawn, "definition": static_tree(instance.compiled.form)}

"""What an entry is called, told from its final answers alone: nothing is computed but the name."""

from collections.abc import Mapping
from typing import Any

from forms.compiled import CompiledForm
from forms.environment import Environment
from forms.instance import Row, World
from forms.loading import Loader


def name_of(compiled: CompiledForm, environment: Environment, answers: Mapping[str, Any]) -> str:
    """Return what the form calls an entry with these answers; nothing where it says nothing."""
    rule = compiled.instance_name
    if rule is None:
        return ""
    root = Row(compiled.structure.root, World(environment), None, "")
    Loader(None).load(root, answers)
    return str(rule.run(root)).strip()

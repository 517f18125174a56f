"""Kinds of the places of a form, as merging wants them."""

from forms.catalogue import parse_definition
from forms.kinds import kinds_of
from sync.merge import Kind

DEFINITION = """
{"settings": {"form_id": "visit", "version": "1", "form_title": "Visit", "default_language": "en"},
 "survey": [
  {"type": "start", "name": "started"},
  {"type": "group", "name": "head", "label": "Head", "children": [
   {"type": "text", "name": "name", "label": "Name"}]},
  {"type": "repeat", "name": "people", "label": "People", "children": [
   {"type": "integer", "name": "age", "label": "Age"},
   {"type": "calculate", "name": "doubled", "calculation": "${age} * 2"}]},
  {"type": "integer", "name": "sum", "label": "Sum", "calculation": "sum(${age})"}]}
"""


def test_every_place_has_the_kind_that_merging_knows():
    form = parse_definition(DEFINITION.encode(), "sha256:1")

    assert kinds_of(form) == {
        "started": Kind.CALCULATED,
        "head": Kind.GROUP,
        "head/name": Kind.VALUE,
        "people": Kind.REPEAT,
        "people/age": Kind.VALUE,
        "people/doubled": Kind.CALCULATED,
        "sum": Kind.CALCULATED,
    }

import json

import pytest

from forms.checks import Speech
from forms.messages import EN, MESSAGES, ZH, message
from forms.state import Change, NodeState, State, format_state
from forms.violation import Violation


def test_a_state_is_written_as_json():
    state = State(
        "en",
        "Visit",
        (
            NodeState(
                "a",
                "question",
                relevant=True,
                value=[1],
                label="A",
                choices=(("x", "X"),),
                violations=(Violation("a", "required", "Needed."),),
                reason="",
            ),
            NodeState("r", "repeat", relevant=True, rows=("r1",), can_add_row=True),
        ),
    )

    assert json.loads(json.dumps(format_state(state))) == {
        "language": "en",
        "instance_name": "Visit",
        "states": [
            {
                "path": "a",
                "kind": "question",
                "relevant": True,
                "value": [1],
                "required": False,
                "read_only": False,
                "label": "A",
                "reason": "",
                "choices": [{"name": "x", "label": "X"}],
                "violations": [{"path": "a", "code": "required", "message": "Needed."}],
            },
            {
                "path": "r",
                "kind": "repeat",
                "relevant": True,
                "value": None,
                "required": False,
                "read_only": False,
                "violations": [],
                "rows": ["r1"],
                "can_add_row": True,
                "can_remove_row": False,
            },
        ],
    }


def test_a_change_says_what_came_and_went():
    assert format_state(Change(added=("r[a]",), removed=("r[b]",))) == {
        "states": [],
        "added": ["r[a]"],
        "removed": ["r[b]"],
    }


def test_every_message_is_there_in_both_languages():
    assert all(texts.keys() == {ZH, EN} for texts in MESSAGES.values())


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-CN", "至少需要 2 行。"),
        ("zh", "至少需要 2 行。"),
        ("en", "At least 2 rows are needed."),
        ("en-GB", "At least 2 rows are needed."),
        ("mn", "At least 2 rows are needed."),
    ],
)
def test_the_engine_speaks_what_it_can(language, said):
    assert message("min_rows", language, count=2) == said


def test_the_form_s_own_text_comes_first():
    assert Speech("en", "en").violation("a", "required", "Who?") == Violation(
        "a", "required", "Who?"
    )
    assert Speech("en", "en").violation("a", "type.date").code == "type"

"""After any steps an open form is what a fresh computation of the same answers gives."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.compiled import compile_form
from forms.errors import AnswerError
from forms.session import Session
from forms.validation import check_answers

TABLE = """
    type              | name     | relevant              | required    | read_only  | constraint     | soft_constraint | choice_filter     | calculation                    | label      | min_rows | max_rows | default
    integer           | n        |                       |             |            | . < ${m}       | . < 5           |                   |                                | N of ${t}  |          |          |
    integer           | m        | ${n} > 1              | ${n} > 2    |            |                |                 |                   |                                |            |          |          |
    text              | t        |                       |             | ${n} = 3   |                |                 |                   |                                |            |          |          |
    select_one group  | kind     |                       |             |            |                |                 |                   |                                |            |          |          |
    select_one member | item     | ${kind} != ''         |             |            |                |                 | group = ${kind}   |                                |            |          |          |
    begin group       | g        | ${t} != 'hide'        |             | ${n} = 3   |                |                 |                   |                                |            |          |          |
    text              | inside   |                       | true()      |            |                |                 |                   |                                | In ${t}    |          |          |
    begin repeat      | rows     | ${n} != 4             |             |            |                |                 |                   |                                |            | 1        | 4        |
    calculate         | number   |                       |             |            |                |                 |                   | position(..)                   |            |          |          |
    decimal           | cost     |                       |             |            | . <= ${n} * 10 |                 |                   |                                |            |          |          | ${n}
    calculate         | share    | ${cost} > 0           |             |            |                |                 |                   | ${cost} div sum(../../rows/cost) |          |          |          |
    begin repeat      | parts    | ${cost} != 3          |             |            |                |                 |                   |                                |            |          | 3        |
    integer           | size     |                       |             |            |                |                 |                   |                                | ${number}  |          |          |
    calculate         | place    |                       |             |            |                |                 |                   | concat(${number}, '.', position(..), '/', count(${rows})) | | |  |
    end               |          |                       |             |            |                |                 |                   |                                |            |          |          |
    calculate         | sizes    |                       |             |            |                |                 |                   | sum(${size}) + ${n}            |            |          |          |
    end               |          |                       |             |            |                |                 |                   |                                |            |          |          |
    end               |          |                       |             |            |                |                 |                   |                                |            |          |          |
    calculate         | total    |                       |             |            |                |                 |                   | sum(${cost})                   |            |          |          |
    calculate         | big      |                       |             |            |                |                 |                   | count(../g/rows[cost > 2 or count(parts) > 1]) |   |  |  |
    text              | last     | ${big} > 0            | ${total} > 9 |           |                |                 |                   |                                |            |          |          |
"""
CHOICES = {
    "group": ["a", "b"],
    "member": [{"name": f"{group}{n}", "group": group} for group in "ab" for n in (1, 2)],
}

VALUES = st.sampled_from([None, 0, 1, 2, 3, 4, 7, "2.5", "hide", "x", "a", "b", "a1", "b2", ["a"]])
QUESTIONS = st.sampled_from(
    ["n", "m", "t", "kind", "item", "g/inside", "cost", "size", "last", "n", "cost", "size"]
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["answer", "answer", "answer", "add", "remove", "move", "reason"]),
        QUESTIONS,
        VALUES,
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def compiled(form):
    return compile_form(form(TABLE, choices=CHOICES))


def rows_of(session, repeat):
    states = {state.path: state for state in session.state("en").states}
    return [f"{repeat}[{row}]" for row in (states[repeat].rows or ())] if repeat in states else []


def pick(items, number):
    return items[number % len(items)] if items else None


def take(session, step):
    """Take one step; return the paths of what it says changed."""
    kind, question, value, one, other = step
    row = pick(rows_of(session, "g/rows"), one)
    repeat = "g/rows" if other < 2 or row is None else f"{row}/parts"
    target = pick(rows_of(session, repeat), other)
    if kind == "add":
        return session.add_row(repeat, after=target if one else None)
    if kind == "remove" and target:
        return session.remove_row(target)
    if kind == "move" and target:
        return session.move_row(target, after=pick([None, *rows_of(session, repeat)], one))
    path = question
    if question == "cost":
        path = f"{row}/cost"
    elif question == "size":
        part = pick(rows_of(session, f"{row}/parts"), other)
        path = f"{part}/size"
    return (
        session.give_reason(path, "a reason") if kind == "reason" else session.answer(path, value)
    )


@settings(max_examples=120, deadline=None)
@given(STEPS)
def test_any_steps_lead_to_what_a_fresh_computation_gives(compiled, environment, steps):
    session = Session.start(compiled, environment())
    for step in steps:
        before = {state.path: state for state in session.state("en").states}
        try:
            change = take(session, step)
        except AnswerError:
            continue
        fresh = Session.resume(
            compiled, environment(), copy.deepcopy(session.answers()), session.reasons()
        )
        after = {state.path: state for state in session.state("en").states}

        assert after == {state.path: state for state in fresh.state("en").states}
        assert session.answers() == fresh.answers()
        assert session.violations() == fresh.violations()
        changed = {path for path, state in after.items() if before.get(path) != state}
        told = {state.path for state in change.states}
        assert changed <= told
        assert len(told - changed) <= 1


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_what_a_session_lets_pass_a_server_lets_pass(compiled, environment, steps):
    session = Session.start(compiled, environment())
    for step in steps:
        try:
            take(session, step)
        except AnswerError:
            continue

    final = session.final_answers()
    found = check_answers(compiled, environment(), final, session.final_reasons())

    assert {each.code for each in found} == {each.code for each in session.violations()}

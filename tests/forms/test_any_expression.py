"""No expression does anything but be refused or run, whatever the answers are."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.compiled import compile_form
from forms.errors import DefinitionError
from forms.session import Session
from forms.validation import check_answers

TABLE = """
    type              | name  | calculation
    text              | a     |
    select_one member | kind  |
    begin repeat      | rows  |
    decimal           | cost  |
    calculate         | inner | INNER
    end               |       |
    calculate         | outer | OUTER
"""

ATOMS = [
    *("${a}", "${kind}", "${cost}", "${rows}", ".", "..", "../a", "../rows/cost", "/data/rows"),
    *("current()/../a", "instance('member')/root/item/name", "name", "position(..)", "uuid()"),
    *("'x'", "''", "'2019-05-30'", "0", "1", "-1.5", "1e5", "9999999999999999999999", "true()"),
    *("today()", "now()", "property('a')", "../rows[1]/cost", "${rows}[2]/cost", "nothing"),
]
FUNCTIONS = [
    *("if", "coalesce", "concat", "join", "string-length", "regex", "selected", "selected-at"),
    *("count-selected", "count", "sum", "min", "max", "round", "int", "number", "string", "not"),
    *("date", "format-date", "position", "once", "contains", "starts-with", "substr", "uuid"),
]
OPERATORS = ["or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod"]

expressions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: (
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(" ".join)
        | st.tuples(st.sampled_from(FUNCTIONS), st.lists(inner, max_size=3)).map(
            lambda call: f"{call[0]}({', '.join(call[1])})"
        )
        | inner.map(lambda text: f"({text})")
        | inner.map(lambda text: f"-{text}")
        | inner.map(lambda text: f"../rows[{text}]/cost")
        | inner.map(lambda text: f"instance('member')/root/item[{text}]/name")
        | inner.map(lambda text: f"../rows/cost[{text}]")
    ),
    max_leaves=8,
)
answers = st.fixed_dictionaries(
    {},
    optional={
        "a": st.sampled_from(["x", "1", "2019-02-30", "true", "-0", "١", "(", "x" * 5000]),
        "kind": st.sampled_from(["m1", "m2", "zz"]),
        "rows": st.lists(
            st.fixed_dictionaries(
                {}, optional={"cost": st.sampled_from(["1", "2.50", "-3", "no"])}
            ),
            max_size=3,
        ),
    },
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expressions, expressions, answers)
def test_an_expression_is_refused_or_runs(form, environment, inner, outer, answers):
    table = TABLE.replace("INNER", inner).replace("OUTER", outer)
    try:
        compiled = compile_form(form(table, choices={"member": ["m1", "m2"]}))
    except DefinitionError:
        return

    session = Session.resume(compiled, environment(), answers)
    session.state("en")
    session.add_row("rows")
    final = session.final_answers()
    found = {each.code for each in check_answers(compiled, environment(), final)}

    assert found == {each.code for each in session.violations()}

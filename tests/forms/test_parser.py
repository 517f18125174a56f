import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.errors import ExpressionError
from forms.expressions.nodes import (
    Call,
    Chain,
    Here,
    Link,
    Literal,
    Negate,
    Number,
    Path,
    Reference,
    Root,
    Step,
    format_expression,
    walk_expression,
)
from forms.expressions.parser import NESTING_LIMIT, parse_expression


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a or b and c", "a or (b and c)"),
        ("a and b = c", "a and (b = c)"),
        ("a = b < c", "a = (b < c)"),
        ("a < b + c", "a < (b + c)"),
        ("a + b * c", "a + (b * c)"),
        ("a * -b", "a * (-b)"),
        ("-a | b", "-(a | b)"),
        ("a - b - c", "(a - b) - c"),
        ("a div b mod c", "(a div b) mod c"),
        ("a = b != c", "(a = b) != c"),
    ],
    ids=repr,
)
def test_operators_bind_as_xpath_says(text, grouped):
    def shape(tree):
        return format_expression(tree).replace("(", "").replace(")", "")

    def nested(tree):
        match tree:
            case Chain(first, links):
                done = nested(first)
                for link in links:
                    done = (link.operator, done, nested(link.operand))
                return done
            case Negate(operand):
                return ("-", nested(operand))
            case _:
                return format_expression(tree)

    assert shape(parse_expression(text)) == shape(parse_expression(grouped))
    assert nested(parse_expression(text)) == nested(parse_expression(grouped))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (". >= ${starts}", ". >= ${starts}"),
        ("( a+b )*c", "(a + b) * c"),
        ("(a + b) + c", "(a + b) + c"),
        ("a + (b + c)", "a + (b + c)"),
        ("if( ${x} ,'it''' , \"it's\")", None),
        ("../../contests[1]/amount", "../../contests[1]/amount"),
        ("/data/contests", "/data/contests"),
        ("current()/../x", "current()/../x"),
        ("${rows}[. != ''][2]/a", "${rows}[. != ''][2]/a"),
        ("child::a/parent::node()/self::*", "a/../."),
        ("instance('l')/root/item[name=1]/label", "instance('l')/root/item[name = 1]/label"),
        ("--1", "--1"),
        ("-(a + b)", "-(a + b)"),
        ("00012.50", "12.5"),
    ],
    ids=repr,
)
def test_an_expression_is_written_in_one_way(text, written):
    if written is None:
        with pytest.raises(ExpressionError):
            parse_expression(text)
        return

    assert format_expression(parse_expression(text)) == written


names = st.sampled_from(["a", "b-c", "or", "div", "单位", "x.1"])
leaves = st.one_of(
    st.builds(
        Number,
        st.floats(min_value=0, max_value=1e15, allow_nan=False),
        st.just(1),
    ),
    st.builds(
        Literal, st.text().filter(lambda text: '"' not in text or "'" not in text), st.just(1)
    ),
    st.builds(Reference, names, st.just(1)),
)


def paths(inner):
    predicates = st.lists(inner, max_size=1).map(tuple)
    step = st.builds(Step, st.just("child"), names, predicates, st.just(1)) | st.builds(
        Step, st.sampled_from(["self", "parent"]), st.just(""), predicates, st.just(1)
    )
    steps = st.lists(step, min_size=1, max_size=2).map(tuple)
    near = st.builds(
        Path,
        st.builds(Here, st.just(1)) | st.builds(Root, st.just(1)),
        st.just(()),
        steps,
        st.just(1),
    )
    far = st.builds(Path, st.builds(Reference, names, st.just(1)), predicates, steps, st.just(1))
    return near | far


def chains(inner):
    levels = [["or"], ["and"], ["=", "!="], ["<", ">="], ["+", "-"], ["*", "div", "mod"]]
    return st.sampled_from(levels).flatmap(
        lambda operators: st.builds(
            Chain,
            inner,
            st.lists(
                st.builds(Link, st.sampled_from(operators), inner, st.just(1)),
                min_size=1,
                max_size=3,
            ).map(tuple),
            st.just(1),
        )
    )


trees = st.recursive(
    leaves,
    lambda inner: (
        chains(inner)
        | paths(inner)
        | st.builds(Negate, inner, st.just(1))
        | st.builds(Call, names, st.lists(inner, max_size=3).map(tuple), st.just(1))
    ),
    max_leaves=12,
)


@given(trees)
def test_a_tree_that_is_written_parses_to_itself(tree):
    assert parse_expression(format_expression(tree)) == tree


@given(
    st.lists(
        st.sampled_from(
            [
                *("(", ")", "[", "]", ",", ".", "..", "/", "//", "@", "::", "|", "+", "-", "*"),
                *(
                    "=",
                    "!=",
                    "<",
                    "and",
                    "or",
                    "div",
                    "a",
                    "${b}",
                    "'c'",
                    "1",
                    "if(",
                    "$",
                    "\\",
                    " ",
                ),
                *("current()", "instance('l')", "child", "self", "node()", "“", "é", "\x00"),
            ]
        ),
        max_size=25,
    )
)
def test_no_text_raises_anything_but_an_expression_error(pieces):
    try:
        tree = parse_expression("".join(pieces))
    except ExpressionError:
        return

    assert parse_expression(format_expression(tree)) == tree


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "-" * 5000 + "1",
        "a[" * 3000,
        "f(" * 3000,
        "1+(" * 3000,
        "a or b and c = d < (" * 400,
    ],
    ids=lambda text: text[:6],
)
def test_what_is_nested_too_deep_is_refused(text):
    with pytest.raises(ExpressionError) as refused:
        parse_expression(text)

    assert refused.value.code == "too_deep"


def test_what_is_long_but_flat_is_read():
    tree = parse_expression(" + ".join(["1"] * 2400))

    assert len(list(walk_expression(tree))) == 2401


def test_forty_ifs_may_stand_in_each_other():
    text = "if(a, b, " * 40 + "c" + ")" * 40

    assert format_expression(parse_expression(text)) == text
    assert NESTING_LIMIT > 40


@pytest.mark.parametrize(
    ("text", "column", "code"),
    [
        ("", 1, "syntax"),
        ("1 +", 4, "syntax"),
        ("f(1", 4, "syntax"),
        ("f(1,)", 5, "syntax"),
        ("(1", 3, "syntax"),
        ("1 2", 3, "syntax"),
        ("a b", 3, "syntax"),
        ("a[1", 4, "syntax"),
        ("/", 2, "syntax"),
        ("a/", 3, "syntax"),
        ("//a", 1, "unsupported"),
        ("a//b", 2, "unsupported"),
        ("@a", 1, "unsupported"),
        ("a/*", 3, "unsupported"),
        ("following::a", 1, "unsupported"),
        ("(a)/b", 4, "unsupported"),
        ("parent::a", 9, "syntax"),
        ("9" * 400, 1, "syntax"),
    ],
    ids=repr,
)
def test_what_does_not_parse_is_refused_at_its_column(text, column, code):
    with pytest.raises(ExpressionError) as refused:
        parse_expression(text)

    assert (refused.value.column, refused.value.code) == (column, code)

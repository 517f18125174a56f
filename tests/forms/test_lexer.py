import pytest

from forms.errors import ExpressionError
from forms.expressions.lexer import LENGTH_LIMIT, tokenize


def kinds(text):
    return [(token.kind, token.text) for token in tokenize(text)][:-1]


def test_tokens_know_their_columns():
    assert [(token.text, token.column) for token in tokenize("${a} >= 'b c'")] == [
        ("a", 1),
        (">=", 6),
        ("b c", 9),
        ("", 14),
    ]


def test_words_are_operators_only_after_an_operand():
    assert kinds("and and or mod div div") == [
        ("name", "and"),
        ("operator", "and"),
        ("name", "or"),
        ("operator", "mod"),
        ("name", "div"),
        ("operator", "div"),
    ]


def test_a_star_multiplies_only_after_an_operand():
    assert kinds("* * .. * )") == [
        ("symbol", "*"),
        ("symbol", "*"),
        ("symbol", ".."),
        ("operator", "*"),
        ("symbol", ")"),
    ]


def test_a_hyphen_within_a_name_is_part_of_it():
    assert kinds("a-b - c") == [("name", "a-b"), ("operator", "-"), ("name", "c")]


def test_names_may_have_a_prefix_and_an_axis_two_colons():
    assert kinds("jr:choice-name child::x") == [
        ("name", "jr:choice-name"),
        ("name", "child"),
        ("symbol", "::"),
        ("name", "x"),
    ]


def test_references_may_have_spaces_and_chinese_names():
    assert kinds("${ 单位 }") == [("reference", "单位")]


@pytest.mark.parametrize(
    ("text", "column", "remedy"),
    [
        ("1 == 2", 3, "="),
        ("1 <> 2", 3, "!="),
        ("a && b", 3, "and"),
        ("a || b", 3, "or"),
        ("“a”", 1, "'text'"),
        ("if（a", 3, "( )"),
        ("f(a，b)", 4, ","),
        ("a ≥ 1", 3, ">="),
        ("a × 2", 3, "*"),
        ("${a", 1, "${name}"),
        ("'open", 1, "quote"),
        ("a % 2", 3, "mod"),
    ],
    ids=repr,
)
def test_what_is_often_mistyped_is_refused_with_what_is_right(text, column, remedy):
    with pytest.raises(ExpressionError) as refused:
        tokenize(text)

    assert (refused.value.column, refused.value.code) == (column, "syntax")
    assert remedy in refused.value.hint


def test_a_text_beyond_the_limit_is_refused_before_it_is_read():
    with pytest.raises(ExpressionError) as refused:
        tokenize("1" * (LENGTH_LIMIT + 1))

    assert refused.value.code == "too_long"

import pytest

from forms.compiled import compile_errors, compile_form
from forms.errors import DefinitionError, ExpressionError
from forms.expressions.compiler import FUNCTION_NAMES


def test_every_refusal_names_the_json_path_of_its_expression(form):
    table = """
        type | name | relevant | constraint | required | read_only | default   | label
        text | a    | ${x}     | . > ${y}   | ${z} = 1 | 1 +       | today(1)  | Hello ${w}
    """
    refused = {error.path: error.code for error in compile_errors(form(table))}

    assert refused == {
        "survey[0].relevant": "unknown_reference",
        "survey[0].constraint": "unknown_reference",
        "survey[0].required": "unknown_reference",
        "survey[0].read_only": "syntax",
        "survey[0].default": "arity",
        "survey[0].label": "unknown_reference",
    }


def test_a_reference_in_a_label_is_refused_at_its_column(form):
    with pytest.raises(ExpressionError) as refused:
        compile_form(form("type | name | label\ntext | a | Hello ${nobody}"))

    assert (refused.value.path, refused.value.column) == ("survey[0].label", 7)


def test_the_name_of_an_instance_is_an_expression_too(form):
    with pytest.raises(ExpressionError) as refused:
        compile_form(form("type | name\ntext | a", instance_name="concat(${b})"))

    assert (refused.value.path, refused.value.column) == ("settings.instance_name", 8)


def test_a_circle_of_calculations_is_refused_with_its_members(form):
    table = """
        type         | name  | calculation | relevant
        integer      | start |             |
        calculate    | a     | ${b} + 1    |
        calculate    | b     | ${c} + 1    |
        integer      | c     |             | ${a} > ${start}
        calculate    | d     | ${a}        |
    """
    with pytest.raises(DefinitionError) as refused:
        compile_form(form(table))

    assert refused.value.code == "cycle"
    assert [name in refused.value.message for name in ("a", "b", "c")] == [True] * 3
    assert "c → b" in refused.value.message or "b → a" in refused.value.message
    assert compile_errors(form(table))[0].code == "cycle"


@pytest.mark.parametrize(
    "table",
    [
        "type | name | calculation\ncalculate | a | ${a} + 1",
        "type | name | relevant\ntext | a | . = 'x'",
        "type | name | relevant\nbegin group | g | ${a} = 1\ninteger | a |\nend | |",
        "type | name | relevant\nbegin repeat | g | count(${g}) > 0\ninteger | a |\nend | |",
    ],
)
def test_what_depends_on_itself_is_refused(form, table):
    with pytest.raises(DefinitionError) as refused:
        compile_form(form(table))

    assert refused.value.code == "cycle"


def test_constraints_may_depend_on_each_other(form):
    table = """
        type    | name   | constraint
        integer | least  | . <= ${most}
        integer | most   | . >= ${least}
    """
    assert compile_form(form(table)).active == ()


@pytest.mark.parametrize(
    ("kind", "default"),
    [("integer", "'many'"), ("date", "2019-05-30"), ("text", "2019-05-30"), ("date", "'soon'")],
)
def test_a_default_that_is_no_answer_is_refused(form, kind, default):
    with pytest.raises(DefinitionError) as refused:
        compile_form(form(f"type | name | default\n{kind} | a | {default}"))

    assert (refused.value.code, refused.value.path) == ("default", "survey[0].default")


def test_a_default_without_quotes_is_refused_with_what_is_right(form):
    with pytest.raises(ExpressionError) as refused:
        compile_form(form("type | name | default\ntext | a | north"))

    assert (refused.value.code, refused.value.column) == ("unknown_reference", 1)
    assert "'north'" in refused.value.hint


def test_what_never_changes_by_itself_is_not_computed(form):
    table = """
        type         | name | relevant  | calculation
        text         | a    |           |
        begin group  | g    | ${a} = 1  |
        text         | b    |           |
        end          |      |           |
        calculate    | c    |           | ${b}
    """
    assert [place.node.path for place in compile_form(form(table)).active] == ["g", "g/b", "c"]


def test_the_functions_of_this_version_are_these():
    wanted = """
        if coalesce concat join string-length regex selected selected-at count-selected count sum
        min max round int number string not true false today now date format-date position current
        once contains starts-with substr uuid property instance
    """
    assert set(wanted.split()) == FUNCTION_NAMES


def test_once_stands_where_an_answer_can_be_kept(form):
    with pytest.raises(ExpressionError) as refused:
        compile_form(form("type | name | constraint\ntext | a | once(1)"))

    assert refused.value.code == "misplaced"

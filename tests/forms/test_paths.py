import pytest

from forms.errors import AnswerError
from forms.paths import Step, definition_path, format_path, parse_path


@pytest.mark.parametrize(
    "path", ["name", "head/unit_name", "contests[9f3a]", "a/b[r-1]/c_d/e[2]/f.g", "姓名"]
)
def test_a_path_is_written_as_it_was_read(path):
    assert format_path(parse_path(path)) == path


def test_a_step_into_a_row_holds_its_id():
    assert parse_path("contests[9f3a]/project") == (Step("contests", "9f3a"), Step("project"))


@pytest.mark.parametrize(
    "path", ["", "/a", "a/", "a//b", "a[]", "a[ ]", "a[b", "a]b", "1a", "a[b]c", "a b", "a['b']"]
)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(AnswerError) as refused:
        parse_path(path)

    assert refused.value.code == "unknown_path"


def test_a_definition_path_has_no_rows():
    assert definition_path("a/contests[9f3a]/parts[1]/name") == "a/contests/parts/name"

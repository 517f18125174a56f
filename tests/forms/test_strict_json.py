"""JSON files are read strictly, and a refusal says where."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.errors import DefinitionError
from forms.strict_json import MAX_BYTES, MAX_DEPTH, parse_json


def refusal(content: bytes) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        parse_json(content)
    return caught.value


def test_plain_json_is_read_as_it_stands():
    assert parse_json('{"名称": ["一", 2, null, true]}'.encode()) == {"名称": ["一", 2, None, True]}


def test_a_key_that_stands_twice_is_refused_at_its_path():
    error = refusal(b'{"survey": [{"name": "a", "type": "text", "name": "b"}]}')

    assert (error.code, error.path) == ("duplicate_key", "survey[0].name")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_json_has_no_number_for_is_refused(number):
    assert refusal(b'{"a": ' + number + b"}").code == "json"


def test_a_number_of_thousands_of_digits_is_refused():
    assert refusal(b'{"a": ' + b"9" * 5000 + b"}").code == "json"


def test_a_byte_order_mark_is_refused_with_what_to_do():
    error = refusal(b"\xef\xbb\xbf{}")

    assert error.code == "encoding"
    assert "without BOM" in error.hint


def test_gbk_is_refused_with_what_to_do():
    error = refusal('{"名称": "填报"}'.encode("gbk"))

    assert error.code == "encoding"
    assert "GBK" in error.hint


def test_half_of_a_surrogate_pair_is_refused_at_its_path():
    error = refusal(b'{"label": "\\ud800"}')

    assert (error.code, error.path) == ("encoding", "label")


def test_nesting_is_allowed_up_to_the_limit_and_refused_beyond():
    parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)

    assert refusal(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)).code == "too_deep"


def test_brackets_inside_a_text_are_not_nesting():
    assert parse_json(b'["' + b"[" * 100 + b'\\"[["]') == ["[" * 100 + '"[[']


def test_brackets_beyond_counting_do_not_end_in_a_recursion_error():
    assert refusal(b"[" * 500_000).code == "too_deep"


def test_a_file_that_is_too_big_is_refused_before_it_is_read():
    assert refusal(b" " * (MAX_BYTES + 1)).code == "too_big"


def test_a_missing_comma_is_refused_with_line_and_column():
    error = refusal(b'{\n "a": 1\n "b": 2}')

    assert "line 3, column 2" in error.message


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_definition_error(content):
    with suppress(DefinitionError):
        parse_json(content)

"""Reading answers in the encodings and shapes that programs leave."""

import pytest

from client.answers_file import decode, documents, is_by_line
from client.errors import InputError

TEXT = '{"title": "准格尔旗"}'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_marked_encodings_are_read_as_they_are(encoding):
    text = decode(TEXT.encode(encoding), "a.json")

    assert text.content == TEXT
    assert text.encoding is None


@pytest.mark.parametrize("encoding", ["gbk", "gb2312", "gb18030"])
def test_chinese_encodings_are_read_and_said(encoding):
    text = decode(TEXT.encode(encoding), "a.json")

    assert text.content == TEXT
    assert text.encoding == "GB 18030"


def test_what_is_no_text_is_refused():
    with pytest.raises(InputError):
        decode(b"\xff\xfe\x00", "a.json")
    with pytest.raises(InputError):
        decode(b"\x81\xff\xff", "a.json")


def test_each_line_is_a_document_and_blank_lines_are_none():
    found = list(documents('{"a": 1}\r\n\n{"a": 2}\n', by_line=True))

    assert [(each.line, each.answers) for each in found] == [(1, {"a": 1}), (3, {"a": 2})]


def test_a_line_separator_within_a_text_ends_no_line():
    assert len(list(documents('{"a": "x\u2028y"}\n', by_line=True))) == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "json"),
        ("[1]", "type"),
        ('{"a": NaN}', "json"),
        ('{"a": 1, "a": 2}', "duplicate_key"),
        ('{"a":' + "[" * 40 + "]" * 40 + "}", "too_deep"),
    ],
)
def test_a_line_that_is_no_set_of_answers_says_why(line, code):
    (found,) = documents(line, by_line=True)

    assert found.answers is None
    assert found.code == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', False),
        ('{"a": 1}\n', False),
        ('{"a": 1}\n{"a": 2}', True),
        ('{\n "a": 1\n}', False),
        ("", False),
    ],
)
def test_json_lines_are_told_from_json(text, expected):
    assert is_by_line(text) is expected

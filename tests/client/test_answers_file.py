"""Reading answers in the encodings and shapes that programs leave, as they come."""

import io
import tracemalloc

import pytest

from client.answers_file import (
    LARGEST_LINE,
    LARGEST_SKIPPED,
    AnswersReader,
    Shape,
    file_encoding,
)
from client.errors import InputError

TEXT = '{"title": "准格尔旗"}'


class Pieces:
    """A pipe that gives what was written piece by piece."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)

    def read1(self, _size):
        return self.pieces.pop(0) if self.pieces else b""


def reader(content, shape=Shape.EITHER, encoding=None):
    return AnswersReader(io.BytesIO(content), "a.json", shape, encoding)


def documents(content, shape=Shape.LINES):
    return [each for group in reader(content, shape).groups() for each in group]


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_utf_8_and_marked_encodings_are_read_as_they_are(encoding, shape):
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    read = reader(mark + TEXT.encode(encoding), shape)

    assert [each.answers for group in read.groups() for each in group] == [{"title": "准格尔旗"}]
    assert read.guessed is None


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("encoding", ["gbk", "gb2312", "gb18030"])
def test_chinese_encodings_are_read_and_said(encoding, shape):
    read = reader(TEXT.encode(encoding), shape)

    assert [each.answers for group in read.groups() for each in group] == [{"title": "准格尔旗"}]
    assert read.guessed == "GB 18030"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x81\xff\xff"])
def test_what_is_no_text_is_refused(content):
    with pytest.raises(InputError):
        list(reader(content, Shape.DOCUMENT).groups())


def test_a_file_is_looked_through_for_its_encoding(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"title": "a"}\n' * 40_000 + TEXT.encode("gbk"))
    assert file_encoding(path) == "gb18030"
    path.write_bytes(TEXT.encode("utf-16"))
    assert file_encoding(path) is None
    path.write_bytes(b"\x81\xff\xff")
    with pytest.raises(InputError):
        file_encoding(path)


def test_a_line_in_another_encoding_than_those_before_takes_none_of_them_with_it():
    pieces = (TEXT.encode() + b"\n", TEXT.encode("gbk") + b"\n")

    found = list(AnswersReader(Pieces(*pieces), "-", Shape.EITHER).groups())

    assert [(each.line, each.code) for group in found for each in group] == [
        (1, ""),
        (2, "encoding"),
    ]


def test_each_line_is_a_document_and_blank_lines_are_none():
    found = documents(b'{"a": 1}\r\n\n{"a": 2}\n')

    assert [(each.line, each.answers) for each in found] == [(1, {"a": 1}), (3, {"a": 2})]


def test_a_line_separator_within_a_text_ends_no_line():
    assert len(documents('{"a": "x\u2028y"}\n'.encode())) == 1


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
    (found,) = documents(line.encode())

    assert found.answers is None
    assert found.code == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', [1]),
        ('\n{"a": 1}\n', [2]),
        ('{"a": 1}\n{"a": 2}', [1, 2]),
        ('{\n "a": 1\n}', [1]),
        ('{"rows": [\n{"a": 1}\n,{"a": 2}\n]}', [1]),
        ('{"a": 1\n{"a": 2}\n{"a": 3}', [None, 2, 3]),
        ('{"a": x}\n{"a": 2}', [None, 2]),
        ('{"a": "x\n{"a": 2}', [None, 2]),
        ("[\n1\n]", [None]),
        ("", []),
        ("\n \n", []),
    ],
)
def test_json_lines_are_told_from_json(text, expected):
    found = documents(text.encode(), Shape.EITHER)

    assert [each.line if each.answers is not None else None for each in found] == expected


def test_what_was_sent_is_given_on_before_more_is_asked_for():
    pieces = Pieces(b'{"a": 1}\n{"a"', b": 2}\n", b'{"a": 3}')
    groups = AnswersReader(pieces, "-", Shape.EITHER).groups()

    assert [each.answers for each in next(groups)] == [{"a": 1}]
    assert len(pieces.pieces) == 2


def test_a_mark_that_comes_in_pieces_is_one():
    pieces = Pieces(b"\xef", b"\xbb", b'\xbf{"a": 1}\n')

    assert next(AnswersReader(pieces, "-", Shape.EITHER).groups())[0].answers == {"a": 1}


@pytest.mark.parametrize("shape", [Shape.LINES, Shape.EITHER])
def test_a_line_that_is_too_long_is_told_and_the_rest_goes_on(shape):
    long = b'{"a": "' + b"x" * (LARGEST_LINE + 1) + b'"}'

    found = documents(b'{"a": 1}\n' + long + b'\n{"a": 3}', shape)

    assert [(each.line, each.code) for each in found] == [(1, ""), (2, "too_large"), (3, "")]


@pytest.mark.parametrize("shape", Shape)
def test_a_line_that_never_ends_is_refused_in_bounded_memory(shape):
    class Endless:
        given = 0

        def read1(self, size):
            self.given += size
            assert self.given < 2 * LARGEST_SKIPPED
            return b"x" * size

    tracemalloc.start()
    try:
        read = AnswersReader(Endless(), "-", shape)
        found = []
        try:
            found += [each.code for group in read.groups() for each in group]
        except InputError as error:
            found.append(error.code)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert set(found) == {"too_large"}
    assert peak < 5 * LARGEST_LINE


def test_one_set_of_answers_that_never_ends_is_refused_in_bounded_memory():
    pieces = Pieces(b"{\n", *[b'"a": [\n'] + [b"1, " * 50_000 + b"\n"] * 200)

    (found,) = [
        each for group in AnswersReader(pieces, "-", Shape.EITHER).groups() for each in group
    ]

    assert found.code == "too_large"
    assert pieces.pieces


def test_blank_lines_before_the_first_set_are_not_kept():
    blank = b" " * 100_000 + b"\n"

    tracemalloc.start()
    try:
        (found,) = [
            each
            for group in AnswersReader(
                Pieces(*[blank] * 500, b'{"a": 1}'), "-", Shape.EITHER
            ).groups()
            for each in group
        ]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (found.line, found.answers) == (501, {"a": 1})
    assert peak < LARGEST_LINE

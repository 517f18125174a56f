"""CSV on its way to a spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.csv_guard import guard_cell, guard_csv

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "cell",
    [
        *("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x00=1", " =1", "\ufeff=1"),
        *("＝1+1", "＋1", "－1", "＠x", "\u200b=1", "-", "--5", "-5 ", "-5-", "-1e", "\tx", "﹣1"),
    ],
)
def test_what_a_spreadsheet_could_take_for_a_formula_gets_a_quote(cell):
    assert guard_cell(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell",
    ["", "5", "-5", "-5.25", "-1e3", "1.5E+10", "竞赛", "a=1", "2019-05-20", "比、学=赶", "'"],
)
def test_numbers_and_plain_texts_stay_as_they_are(cell):
    assert guard_cell(cell) == cell


def test_full_width_digits_are_no_number():
    assert guard_cell("-５") == "'-５"


def guarded(content: bytes, size: int) -> bytes:
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    return b"".join(guard_csv(chunks))


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=4),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 40),
)
def test_every_cell_arrives_guarded_however_the_stream_is_cut(rows, size):
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)

    content = guarded(written.getvalue().encode(), size)

    assert content.startswith(BOM)
    found = list(csv.reader(io.StringIO(content.removeprefix(BOM).decode(), newline="")))
    assert found == [[guard_cell(cell) for cell in row] for row in rows]


def test_the_stream_is_not_gathered_first():
    taken = []

    def endless():
        yield b"a,b\r\n"
        for number in range(100_000):
            taken.append(number)
            yield b"=1,%d\r\n" % number

    stream = guard_csv(endless())
    assert next(stream) == BOM
    assert next(stream).startswith(b"a,b\r\n'=1,0\r\n")
    assert len(taken) < 5_000


def test_a_cell_as_large_as_a_revision_goes_through():
    assert len(guarded(b"a\r\n" + b"x" * 1_000_000 + b"\r\n", 64 * 1024)) > 1_000_000


def test_an_empty_file_has_its_mark_alone():
    assert guarded(b"", 1) == BOM

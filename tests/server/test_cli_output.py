import io
import json
import sys

import pytest

from forms.errors import DefinitionError
from server.cli._output import (
    ToldError,
    known_errors_told,
    prepare_streams,
    show_json,
    show_table,
)
from server.errors import ServerError


def console(monkeypatch, encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    return stream


def printed(stream):
    stream.flush()
    return stream.buffer.getvalue()


def told(error):
    with pytest.raises(ToldError) as caught, known_errors_told():
        raise error
    return caught.value


def test_a_known_error_is_one_line_with_its_hint(capsys):
    told(ServerError("No such unit.", hint="See the list.")).show()

    assert capsys.readouterr().err == "Error: No such unit. Hint: See the list.\n"


def test_an_error_of_a_definition_says_where(capsys):
    told(DefinitionError("Unknown key.", path="survey[3]")).show()

    assert capsys.readouterr().err == "Error: survey[3]: Unknown key.\n"


def test_a_file_that_cannot_be_read_is_a_known_error(capsys, tmp_path):
    with pytest.raises(ToldError) as caught, known_errors_told():
        (tmp_path / "missing").read_bytes()

    assert "missing" in caught.value.message
    assert caught.value.exit_code == 1


def test_a_reader_that_goes_away_is_no_error_to_tell():
    with pytest.raises(BrokenPipeError), known_errors_told():
        raise BrokenPipeError


def test_a_fault_of_ours_is_not_hidden():
    with pytest.raises(ZeroDivisionError), known_errors_told():
        raise ZeroDivisionError


def test_a_console_that_is_not_utf_8_gets_json_that_says_the_same(monkeypatch):
    stream = console(monkeypatch, "ascii")
    prepare_streams()

    show_json({"name": "准格尔旗"})

    assert json.loads(printed(stream)) == {"name": "准格尔旗"}


def test_a_utf_8_console_gets_json_that_can_be_read(monkeypatch):
    stream = console(monkeypatch, "utf-8")

    show_json({"name": "准格尔旗"})

    assert "准格尔旗" in printed(stream).decode()


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "latin-1"])
def test_a_table_is_printed_on_any_console(monkeypatch, encoding):
    stream = console(monkeypatch, encoding)
    prepare_streams()

    show_table(["NAME"], [["准格尔旗 ✓"]])

    assert printed(stream).startswith(b"NAME")


def test_columns_are_aligned_by_the_width_of_chinese_characters(capsys):
    show_table(["NAME", "ROLE"], [["东胜区", "reporter"], ["ab", None], ["a", "x"]])

    lines = capsys.readouterr().out.splitlines()
    assert lines == ["NAME    ROLE", "东胜区  reporter", "ab", "a       x"]

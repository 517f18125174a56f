"""Names that a form may have in the audit database."""

import json
from pathlib import Path

import pytest

from forms.catalogue import parse_definition
from forms.errors import DefinitionError
from server import log
from server.projection.naming import RESERVED, check_names
from sync.statement import Statement, StatementKind
from sync.times import format_time

ROOT = Path(__file__).parents[3]


def form(form_id, version="1", repeat="contests"):
    label = {"zh-CN": "名称", "en": "Name"}
    question = {"type": "text", "name": "project", "label": label}
    definition = {
        "settings": {
            "form_id": form_id,
            "version": version,
            "form_title": label,
            "default_language": "zh-CN",
        },
        "survey": [{"type": "repeat", "name": repeat, "label": label, "children": [question]}],
    }
    return parse_definition(json.dumps(definition).encode(), f"sha256:{form_id}{version}")


def test_a_form_and_its_next_version_have_the_same_tables():
    check_names(form("visit", "2"), [form("visit"), form("other")])


@pytest.mark.parametrize(
    "form_id", ["quarantine", "Units", "arrived-late", "visit_fts", "a_fts_data"]
)
def test_the_systems_own_names_are_refused(form_id):
    with pytest.raises(DefinitionError):
        check_names(form(form_id), [])


def test_a_form_named_as_anothers_repeat_is_refused():
    with pytest.raises(DefinitionError, match="already"):
        check_names(form("visit-contests"), [form("visit")])


def test_every_ready_made_question_and_fixed_table_has_its_name_kept():
    metadata = json.loads((ROOT / "datasette-metadata.json").read_bytes())["databases"]["audit"]

    assert set(metadata["queries"]) | set(metadata["tables"]) <= RESERVED


def test_such_a_form_in_the_log_has_no_tables_and_stops_nobody(book, contests, caplog):
    definition = json.loads((ROOT / "forms/ordos-2019/attachment-1.json").read_bytes())
    definition["settings"] |= {"form_id": "entries"}
    content = json.dumps(definition).encode()
    digest = "sha256:" + "0" * 64
    book.services.writer.run(
        lambda connection: _put_into_the_log(connection, digest, content, book.clock.now)
    )
    book.hand_in("attachment-2", contests("供水"))

    assert len(book.audit("select * from entries")) == 1
    assert "has no tables" in caplog.text


def _put_into_the_log(connection, digest, content, now):
    log.add_object(connection, digest, "form", content)
    index = log.append(connection, Statement(StatementKind.FORM, digest, now))
    row = (digest, "entries", "1", index, format_time(now))
    connection.execute("insert into definition values (?, ?, ?, ?, ?, null)", row)

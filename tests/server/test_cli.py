import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from server.cli import COMMANDS, cli
from server.db import open_reader
from sync.invitation import parse_code
from sync.messages import ROLES

CAMPAIGN = Path(__file__).parents[2] / "forms" / "ordos-2019"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    data = tmp_path_factory.mktemp("organiser") / "data"
    call(data, "init", "--campaign", str(CAMPAIGN))
    return data


@pytest.fixture
def fresh(tmp_path):
    data = tmp_path / "data"
    call(data, "init", "--campaign", str(CAMPAIGN))
    return data


def call(data, *args, code=0):
    result = CliRunner().invoke(cli, ["--data", str(data), *args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def commands():
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        yield name, command
        for part in getattr(command, "commands", {}).values():
            yield f"{name} {part.name}", part


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_has_help_and_an_example(name, command):
    result = CliRunner().invoke(cli, [*name.split(), "--help"])

    assert result.exit_code == 0
    assert command.help
    assert f"tianbao-server {name.split()[0]}" in result.output or "--data" in result.output
    assert "Example:" in result.output


def test_init_makes_a_folder_with_every_table_and_key(fresh):
    names = {path.name for path in fresh.iterdir()}
    keys = {path.name for path in (fresh / "keys").iterdir()}
    reader = open_reader(fresh / "audit.db")
    tables = {row[0] for row in reader.execute("SELECT name FROM sqlite_schema")}
    reader.close()

    assert {"log.db", "audit.db", "blobs", "keys"} <= names
    assert {"answer.key", "log.key", "cookie.key"} <= keys
    assert {"attachment-1", "attachment-1-contests", "progress-report", "quarantine"} <= tables


def test_init_leaves_a_folder_that_is_ready_alone(fresh):
    keys = (fresh / "keys" / "answer.key").read_bytes()

    refused = call(fresh, "init", "--campaign", str(CAMPAIGN), code=1)

    assert "Error:" in refused.stderr
    assert "Hint:" in refused.stderr
    assert (fresh / "keys" / "answer.key").read_bytes() == keys


def test_init_of_a_folder_without_a_campaign_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()

    refused = call(tmp_path / "data", "init", "--campaign", str(tmp_path / "empty"), code=1)

    assert "campaign.json" in refused.stderr


def test_the_data_folder_may_stand_behind_the_command_or_in_the_environment(made):
    behind = CliRunner().invoke(cli, ["members", "--data", str(made)])
    around = CliRunner().invoke(cli, ["members"], env={"TIANBAO_DATA": str(made)})

    assert behind.exit_code == 0
    assert around.exit_code == 0


def test_without_a_data_folder_a_command_is_misused():
    result = CliRunner().invoke(cli, ["members"], env={"TIANBAO_DATA": None})

    assert result.exit_code == 2
    assert "--data" in result.stderr


@pytest.mark.parametrize("command", [["members"], ["serve", "--port", "0"], ["quarantine"]])
def test_a_folder_that_holds_no_data_is_a_known_error_with_a_way_out(tmp_path, command):
    refused = call(tmp_path / "nothing", *command, code=1)

    assert refused.stderr.startswith("Error:")
    assert "init" in refused.stderr
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("role", ["reporter", "approver"])
def test_an_invitation_is_a_code_and_a_link_that_hides_it_from_servers(made, role):
    given = call(made, "invite", "jungar", role)

    code, link = given.stdout.splitlines()
    assert parse_code(code)
    assert "/join#" in link
    assert link.endswith(code)
    assert "2" in given.stderr  # until when, as talk and not as a result


def test_an_invitation_as_json_is_code_and_link_alone(made):
    given = json.loads(call(made, "invite", "ordos", "auditor", "--json").stdout)

    assert given.keys() == {"code", "link"}
    assert "/audit/sign-in#" in given["link"]


@pytest.mark.parametrize("role", ["organiser", "auditor"])
def test_organisers_and_auditors_belong_to_the_organising_unit(made, role):
    refused = call(made, "invite", "jungar", role, code=1)

    assert "ordos" in refused.stderr


def test_an_unknown_unit_is_a_known_error_and_an_unknown_role_a_misuse(made):
    unknown = call(made, "invite", "nowhere", "reporter", code=1)
    misuse = call(made, "invite", "jungar", "emperor", code=2)

    assert "nowhere" in unknown.stderr
    for role in ROLES:
        assert role in misuse.stderr


def test_a_new_version_of_a_form_is_published_with_its_tables(fresh, tmp_path):
    definition = json.loads((CAMPAIGN / "attachment-2.json").read_bytes())
    definition["settings"]["version"] = "2026112201"
    definition["survey"].append(
        {"type": "text", "name": "new_question", "label": {"zh-CN": "新", "en": "New"}}
    )
    file = tmp_path / "new.json"
    file.write_text(json.dumps(definition), encoding="utf-8")

    published = call(fresh, "publish", str(file))

    reader = open_reader(fresh / "audit.db")
    columns = {row[1] for row in reader.execute('PRAGMA table_info("attachment-2")')}
    reader.close()
    assert published.stdout.startswith("sha256:")
    assert "2026112201" in published.stderr
    assert "new_question" in columns


@pytest.mark.parametrize("content", [b"", b"{", b'{"form_id": 1}', b"\xff\xfe", b"NaN"])
def test_what_is_no_definition_is_refused_with_the_reason(made, tmp_path, content):
    file = tmp_path / "form.json"
    file.write_bytes(content)

    refused = call(made, "publish", str(file), code=1)

    assert refused.stderr.startswith("Error:")


def test_other_content_under_a_published_version_is_refused(made, tmp_path):
    definition = json.loads((CAMPAIGN / "attachment-2.json").read_bytes())
    definition["settings"]["form_title"]["en"] = "Something else"
    file = tmp_path / "form.json"
    file.write_text(json.dumps(definition), encoding="utf-8")

    refused = call(made, "publish", str(file), code=1)

    assert "version" in refused.stderr


def published_as(folder, version, tmp_path, *, code=0):
    definition = json.loads((CAMPAIGN / "attachment-2.json").read_bytes())
    definition["settings"]["version"] = version
    file = tmp_path / f"{version}.json"
    file.write_text(json.dumps(definition), encoding="utf-8")
    return call(folder, "publish", str(file), code=code)


def test_publishing_the_same_bytes_again_says_that_nothing_changed(fresh, tmp_path):
    file = str(CAMPAIGN / "attachment-2.json")
    again = call(fresh, "publish", file)
    published_as(fresh, "2026112201", tmp_path)

    overtaken = call(fresh, "publish", file)

    assert "Nothing changed" in again.stderr
    assert "this is the current version" in again.stderr
    assert "Nothing changed" in overtaken.stderr
    assert "version 2026112201 is current" in overtaken.stderr
    assert overtaken.stdout == again.stdout


def test_a_version_lower_than_the_current_one_is_refused(fresh, tmp_path):
    for lower in ("2018010101", "999", "0002019051300"):
        refused = published_as(fresh, lower, tmp_path, code=1)

        assert "lower than version 2019051301" in refused.stderr
        assert "Hint: Give the definition a version higher than 2019051301" in refused.stderr


def test_a_version_that_is_no_number_has_no_order(fresh, tmp_path):
    assert "Published" in published_as(fresh, "autumn", tmp_path).stderr
    assert "Published" in published_as(fresh, "7", tmp_path).stderr


def test_a_list_of_units_is_taken_with_a_new_unit_that_can_be_invited(fresh, tmp_path):
    units = json.loads((CAMPAIGN / "units.json").read_bytes())
    units.append({"code": "new", "name": "新单位", "kind": "旗区", "parent": "ordos"})
    file = tmp_path / "units.json"
    file.write_text(json.dumps(units), encoding="utf-8")

    call(fresh, "units", "import", str(file))

    assert call(fresh, "invite", "new", "reporter").stdout


def test_nobody_takes_part_yet_and_nothing_is_in_quarantine(made):
    assert json.loads(call(made, "members", "--json").stdout) == []
    assert json.loads(call(made, "quarantine", "--json").stdout) == []
    assert "Nothing" in call(made, "quarantine").stderr


@pytest.mark.parametrize("command", ["revoke", "reissue"])
def test_who_is_not_there_cannot_be_revoked_or_given_a_code(made, command):
    refused = call(made, command, "nobody", code=1)

    assert "nobody" in refused.stderr
    assert "Hint:" in refused.stderr


def test_the_auditors_database_can_be_made_again_with_the_same_result(fresh):
    def shape():
        reader = open_reader(fresh / "audit.db")
        rows = reader.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()
        reader.close()
        return [tuple(row) for row in rows]

    before = shape()
    call(fresh, "project")
    call(fresh, "project", "--rebuild")

    assert shape() == before


def test_the_auditors_database_may_be_deleted_at_any_time(fresh):
    for path in fresh.glob("audit.db*"):
        path.unlink()

    call(fresh, "project")

    reader = open_reader(fresh / "audit.db")
    assert reader.execute('SELECT count(*) FROM "attachment-2"').fetchone()[0] == 0
    reader.close()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--host", "0.0.0.0"], "127.0.0.1"),  # noqa: S104 - the case itself
        (["--host", "::"], "::1"),
        (["--host", "0.0.0.0", "--url", "https://t.example/"], None),  # noqa: S104 - the case itself
        (["--host", "192.0.2.7"], None),
        ([], None),
    ],
)
def test_serve_warns_where_links_would_name_the_loopback(tmp_path, options, named):
    told = call(tmp_path / "none", "serve", *options, code=1).stderr

    assert ("invitation links will name" in told) is (named is not None)
    assert named is None or f"will name {named}" in told

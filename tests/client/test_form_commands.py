"""`tianbao form check` and `tianbao form example`, as an author calls them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import forms
from client.cli.form import form

CAMPAIGN = Path(forms.__file__).parent / "ordos-2019"
DEFINITION = {
    "settings": {"form_id": "visit", "version": "1", "form_title": "Visit"},
    "survey": [{"type": "text", "name": "who", "label": "Who", "required": True}],
}


@pytest.fixture
def run():
    return lambda *words: CliRunner().invoke(form, [str(word) for word in words])


@pytest.fixture
def write(tmp_path):
    def write(name="visit.json", **changes):
        path = tmp_path / name
        path.write_text(json.dumps({**DEFINITION, **changes}), encoding="utf-8")
        return path

    return write


def test_the_sample_campaign_is_found_sound(run):
    result = run("check", CAMPAIGN)

    assert result.exit_code == 0
    assert result.stdout.count(": ok\n") == 6


def test_an_error_is_shown_with_its_place_and_ends_with_1(run, write):
    path = write(survey=[{"type": "text", "name": "who", "labl": "Who"}])

    result = run("check", path)

    assert result.exit_code == 1
    assert f"{path}: error: survey[0].labl" in result.stdout
    assert "Did you mean 'label'?" in result.stdout
    assert result.stderr.startswith("Error: 1 error in 1 of 1 file.")
    assert "Hint: " in result.stderr


def test_a_warning_is_shown_and_ends_with_0(run, write):
    result = run("check", write(survey=[{"type": "text", "name": "who"}]))

    assert result.exit_code == 0
    assert "warning: survey[0]" in result.stdout


def test_findings_come_as_json_for_scripts(run, write):
    path = write(survey=[{"type": "text", "name": "who", "label": "Who", "constraint": ". >"}])

    [finding] = json.loads(run("check", path, "--json").stdout)

    assert finding["file"] == str(path)
    assert (finding["severity"], finding["path"]) == ("error", "survey[0].constraint")
    assert finding["column"] >= 3


def test_a_folder_is_checked_as_a_whole(run, write, tmp_path):
    write()
    item = {"form": "visti", "title": "Visit", "owed_by": ["village"]}
    campaign = {
        "id": "c",
        "title": "C",
        "organiser": {"unit": "city", "name": "City"},
        "languages": ["en"],
        "default_language": "en",
        "items": [item],
    }
    units = [{"code": "city", "name": "City", "kind": "city"}]
    (tmp_path / "campaign.json").write_text(json.dumps(campaign), encoding="utf-8")
    (tmp_path / "units.json").write_text(json.dumps(units), encoding="utf-8")

    result = run("check", tmp_path)

    assert result.exit_code == 1
    assert "items[0].form: There is no form 'visti'" in result.stdout
    assert "Did you mean 'visit'?" in result.stdout
    assert "items[0].owed_by[0]: No unit is of the kind 'village'" in result.stdout


def test_two_files_of_one_form_are_found_in_a_folder(run, write, tmp_path):
    write()
    write("again.json")

    result = run("check", tmp_path)

    assert "Another file has the form 'visit' too" in result.stdout


def test_a_folder_without_definitions_is_a_known_error(run, tmp_path):
    result = run("check", tmp_path)

    assert result.exit_code == 1
    assert "Hint: " in result.stderr


def test_a_path_that_is_not_there_is_a_mistake_of_usage(run, tmp_path):
    assert run("check", tmp_path / "nothing.json").exit_code == 2


def test_examples_come_one_a_line(run):
    result = run("example", CAMPAIGN / "attachment-2.json", "--rows", 5, "--count", 3)

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [len(line["contests"]) for line in lines] == [5, 5, 5]


def test_examples_name_the_sample_files_they_come_with(run, tmp_path):
    folder = tmp_path / "samples"

    result = run("example", CAMPAIGN / "implementation-plan.json", "--files", folder)

    named = json.loads(result.stdout)["plan"]["document"]
    assert Path(named).read_bytes().startswith(b"%PDF-")
    assert result.stderr == ""


def test_a_relative_folder_of_sample_files_is_named_in_full(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = run("example", CAMPAIGN / "implementation-plan.json", "--files", "samples")

    assert Path(json.loads(result.stdout)["plan"]["document"]) == tmp_path / "samples/example.pdf"


def test_without_a_folder_examples_name_files_that_are_there(run):
    result = run("example", CAMPAIGN / "implementation-plan.json")

    named = Path(json.loads(result.stdout)["plan"]["document"])
    assert named.is_absolute()
    assert named.read_bytes().startswith(b"%PDF-")
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("kind", "begins"), [("image", b"\x89PNG"), ("audio", b"RIFF"), ("video", b"\0\0\0\x1cftyp")]
)
def test_each_kind_of_file_question_has_a_real_sample(run, write, kind, begins):
    path = write(survey=[{"type": kind, "name": "it", "label": "It", "required": True}])

    named = json.loads(run("example", path).stdout)["it"]

    assert Path(named).read_bytes().startswith(begins)


def test_a_note_names_the_samples_that_there_are_not(run, write):
    question = {"type": "file", "name": "it", "label": "It", "required": True}
    path = write(survey=[{**question, "parameters": {"accept": ".dwg"}}])

    result = run("example", path)

    assert json.loads(result.stdout)["it"] == "example.dwg"
    assert "example.dwg" in result.stderr


def test_a_definition_that_is_refused_gives_no_examples(run, write):
    result = run("example", write(survey=[]))

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "Hint: " in result.stderr


def test_a_form_that_nobody_can_fill_is_a_known_error(run, write):
    impossible = {"type": "integer", "name": "n", "required": True, "constraint": ". != ."}

    result = run("example", write(survey=[impossible]))

    assert result.exit_code == 1
    assert "n" in result.stderr

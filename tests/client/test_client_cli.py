"""The command line, in processes of its own: what is printed where, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

import forms
from client.services import open_services

ROOT = Path(__file__).parents[2]
CAMPAIGN = Path(forms.__file__).parent / "ordos-2019"
SAMPLE_FORMS = ("attachment-1", "attachment-2", "implementation-plan", "progress-report")


def write(path, *documents):
    path.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in documents), "utf-8")
    return str(path)


def test_enrol_tells_whom_the_device_works_for_and_brings_the_forms(tianbao, office):
    done = tianbao("enrol", office.url, office.invite())

    assert done.returncode == 0
    assert done.stdout == "张三 · 北旗总工会 (north) · reporter\n"
    listed = json.loads(tianbao("forms", "--json").stdout)
    assert [form["form_id"] for form in listed] == ["visit", "report"]


def test_enrol_without_the_forms_says_so_and_is_enrolled(tianbao, office, home):
    office.next_reply(office.honest)
    office.next_reply(lambda _: None)

    done = tianbao("enrol", office.url, office.invite())

    assert done.returncode == 0
    assert "tianbao sync" in done.stderr


def test_before_enrolment_commands_say_what_to_do(tianbao):
    done = tianbao("forms")

    assert done.returncode == 1
    assert done.stderr.startswith(
        "Error: This device is not enrolled yet. Hint: Run: tianbao enrol"
    )
    assert done.stdout == ""


def test_add_prints_the_ids_alone(tianbao, enrolled_home, tmp_path):
    answers = write(tmp_path / "a.jsonl", {"title": "一"}, {"title": "二"})

    done = tianbao("add", "visit", answers)

    assert done.returncode == 0
    ids = done.stdout.splitlines()
    assert [str(uuid.UUID(each)) for each in ids] == ids
    shown = json.loads(tianbao("show", ids[1], "--json").stdout)
    assert (shown["entry"], shown["form"], shown["state"]) == (ids[1], "visit", "saved")
    assert shown["answers"]["title"] == "二"


def test_add_keeps_the_good_lines_and_tells_of_the_bad_ones(tianbao, enrolled_home, tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"title": "一"}\n{"people": 1}\n{\n{"title": "四"}\n', "utf-8"
    )

    done = tianbao("add", "visit", str(tmp_path / "a.jsonl"), "--json")

    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    found = [(each["line"], each["path"], each["code"]) for each in json.loads(done.stderr)]
    assert found == [(2, "title", "required"), (3, "", "json")]


def test_add_says_which_lines_to_add_again(tianbao, enrolled_home, tmp_path):
    lines = ['{"title": "一"}', '{"people": 1}', '{"title": "三"}', '{"people": 2}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")

    done = tianbao("add", "visit", str(tmp_path / "a.jsonl"))

    assert len(done.stdout.split()) == 2
    assert done.stderr.splitlines()[-1].startswith("Saved: 2. Hint: mend line 2, 4 ")


def test_add_tells_people_in_lines(tianbao, enrolled_home, tmp_path):
    done = tianbao("add", "visit", write(tmp_path / "a.json", {"people": -1, "title": "一"}))

    assert done.returncode == 1
    assert done.stderr == "line 1: people: 不能为负 [constraint]\n"


@pytest.mark.parametrize(
    "text", ['{"title": "一"}', '{\n"title": "一"\n}', '{"title": "一"}\n{"title": "二"}\n']
)
def test_add_reads_standard_input(tianbao, enrolled_home, text):
    done = tianbao("add", "visit", "-", input=text)

    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == text.count("title")


@pytest.mark.parametrize("text", ["", "\n"])
def test_add_of_nothing_adds_nothing(tianbao, enrolled_home, text):
    done = tianbao("add", "visit", "-", input=text)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_add_prints_the_first_id_while_the_pipe_is_open(enrolled_home, tianbao):
    with start("add", "visit", "-", home=enrolled_home, stdin=subprocess.PIPE) as adding:
        check_it_streams(adding, tianbao)


def test_beside_fill_the_first_id_comes_while_the_pipe_is_open(filling, tianbao, home):
    with start("add", "visit", "-", home=home, stdin=subprocess.PIPE) as adding:
        check_it_streams(adding, tianbao)


def check_it_streams(adding, tianbao):
    """Each line is answered before the next is written, and the home is free in between."""
    for number in range(2):
        adding.stdin.write(f'{{"title": "{number}"}}\n')
        adding.stdin.flush()
        entry = adding.stdout.readline().strip()
        assert json.loads(tianbao("show", entry, "--json").stdout)["entry"] == entry
    adding.stdin.write('{"people": 1}\n')
    adding.stdin.flush()
    assert adding.stderr.readline().startswith("line 3: title: ")
    adding.stdin.close()
    assert adding.wait(20) == 1


def test_add_finds_files_beside_the_answers(tianbao, enrolled_home, tmp_path):
    (tmp_path / "方案.pdf").write_bytes(b"%PDF")
    answers = write(tmp_path / "a.json", {"title": "一", "paper": "方案.pdf"})

    done = tianbao("add", "visit", answers, cwd="/")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", SAMPLE_FORMS)
def test_examples_can_be_piped_into_add_from_any_folder(
    tianbao, enrolled_home, office, tmp_path, form
):
    definition = CAMPAIGN / f"{form}.json"
    office.publish(json.loads(definition.read_text("utf-8")))
    tianbao("sync")
    made = tianbao("form", "example", str(definition), "--count", "3", cwd=tmp_path)

    done = tianbao("add", form, "-", input=made.stdout, cwd="/")

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 3


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gbk"])
def test_add_reads_what_other_programs_write(tianbao, enrolled_home, tmp_path, encoding):
    (tmp_path / "a.json").write_bytes('{"title": "准格尔旗"}'.encode(encoding))

    done = tianbao("add", "visit", str(tmp_path / "a.json"))

    assert done.returncode == 0
    shown = json.loads(tianbao("show", done.stdout.strip(), "--json").stdout)
    assert shown["answers"]["title"] == "准格尔旗"
    assert ("GB 18030" in done.stderr) is (encoding == "gbk")


def test_an_unknown_form_is_told_with_the_known_ones(tianbao, enrolled_home, tmp_path):
    done = tianbao("add", "vist", write(tmp_path / "a.json", {}))

    assert done.returncode == 1
    assert done.stderr == (
        "Error: There is no form 'vist' on this device. Hint: Forms here: visit, report.\n"
    )


def test_a_wrong_call_ends_with_two(tianbao):
    assert tianbao("add").returncode == 2
    assert tianbao("nothing").returncode == 2


@pytest.mark.parametrize("encoding", ["latin-1", "gbk", "cp1252"])
def test_a_console_that_is_not_utf_8_is_no_reason_to_fail(tianbao, enrolled_home, encoding):
    env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    assert tianbao("forms", env=env, encoding=encoding).returncode == 0
    done = tianbao("forms", "--json", env=env, encoding=encoding)
    assert json.loads(done.stdout)[0]["title"]["zh-CN"] == "走访"


def test_sync_delivers_and_ends_with_zero(tianbao, enrolled_home, tmp_path):
    tianbao("add", "visit", write(tmp_path / "a.json", {"title": "一"}))
    status = json.loads(tianbao("status", "--json").stdout)
    assert (status["saved"], status["oldest_undelivered"] is None) == (1, False)

    done = tianbao("sync", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout)["pushed"] == 1
    status = json.loads(tianbao("status", "--json").stdout)
    assert (status["saved"], status["delivered"], status["oldest_undelivered"]) == (0, 1, None)


def test_sync_without_a_server_ends_with_one_and_keeps_everything(
    tianbao, enrolled_home, office, tmp_path
):
    tianbao("add", "visit", write(tmp_path / "a.json", {"title": "一"}))
    office.next_reply(lambda _: (200, {"Content-Type": "text/html"}, b"<html>"))

    done = tianbao("sync")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: A web page answered")
    assert json.loads(tianbao("entries", "--json").stdout)[0]["state"] == "saved"


def test_entries_and_status_are_for_people_too(tianbao, enrolled_home, tmp_path):
    entry = tianbao("add", "visit", write(tmp_path / "a.json", {"title": "一"})).stdout.strip()

    assert entry in tianbao("entries").stdout
    assert "Saved on this device, not yet delivered: 1" in tianbao("status").stdout
    assert "state: saved" in tianbao("show", entry).stdout


def test_plain_http_beyond_this_computer_is_warned_of_at_every_status(tianbao, enrolled_home):
    with open_services(enrolled_home) as services, services.db.transaction():
        services.db.write("UPDATE profile SET server = 'http://forms.example'")

    done = tianbao("status")

    assert "Warning: http://forms.example is reached without encryption" in done.stderr


def test_ids_are_printed_as_soon_as_they_are_durable_and_survive_a_kill(
    enrolled_home, tmp_path, tianbao
):
    answers = write(tmp_path / "a.jsonl", *({"title": str(number)} for number in range(3000)))
    told = []
    for _ in range(4):
        with start("add", "visit", answers, home=enrolled_home) as adding:
            told += [adding.stdout.readline().strip() for _ in range(7)]
            adding.kill()
            told += [each.strip() for each in adding.stdout.readlines() if each.endswith("\n")]

    listed = json.loads(tianbao("entries", "--json").stdout)

    assert set(told) <= {each["entry"] for each in listed if each["state"] == "saved"}
    assert json.loads(tianbao("sync", "--json").stdout)["left"] is False


def start(*args, home, stdin=subprocess.DEVNULL):
    return subprocess.Popen(
        [sys.executable, "-m", "client", *args],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TIANBAO_HOME": str(home), "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture
def filling(enrolled_home):
    """A running `tianbao fill`."""
    with start("fill", "--no-browser", "--port", "0", home=enrolled_home) as process:
        process.address = process.stdout.readline().strip()
        yield process
        process.terminate()
        process.communicate()


def test_fill_prints_its_address_with_the_token_on_a_line_of_its_own(filling):
    assert filling.address.startswith("http://127.0.0.1:")
    assert "/#token=" in filling.address


def test_beside_fill_commands_hand_their_work_over(filling, tianbao, tmp_path):
    (tmp_path / "方案.pdf").write_bytes(b"%PDF")
    answers = write(tmp_path / "a.jsonl", {"title": "一", "paper": "方案.pdf"}, {"people": 1})

    done = tianbao("add", "visit", answers, "--json")

    assert done.returncode == 1
    assert json.loads(done.stderr)[0]["line"] == 2
    entry = done.stdout.strip()
    assert json.loads(tianbao("show", entry, "--json").stdout)["answers"]["title"] == "一"
    assert json.loads(tianbao("forms", "--json").stdout)
    deadline = time.monotonic() + 20
    while json.loads(tianbao("status", "--json").stdout)["delivered"] == 0:
        assert time.monotonic() < deadline
    assert tianbao("sync").returncode == 0


def test_errors_come_over_too(filling, tianbao):
    done = tianbao("show", "nothing")

    assert done.returncode == 1
    assert done.stderr == "Error: There is no entry nothing. Hint: See: tianbao entries\n"


def test_a_second_fill_is_refused_with_the_reason(filling, tianbao):
    done = tianbao("fill", "--no-browser")

    assert done.returncode == 1
    assert "already served, at http://127.0.0.1:" in done.stderr
    assert "token" not in done.stderr


def test_after_a_kill_the_home_is_free_and_nothing_saved_is_gone(filling, tianbao, tmp_path, home):
    entry = tianbao("add", "visit", write(tmp_path / "a.json", {"title": "一"})).stdout.strip()
    filling.send_signal(signal.SIGKILL)
    filling.wait()

    assert (home / "control.json").exists()
    assert json.loads(tianbao("show", entry, "--json").stdout)["answers"]["title"] == "一"
    with start("fill", "--no-browser", home=home) as again:
        port = again.stdout.readline().split("/#")[0]
        assert port == filling.address.split("/#")[0]
        again.terminate()
        again.communicate()


def test_fill_ends_in_order_and_lets_go(filling, home):
    filling.terminate()

    assert filling.wait(20) == 0
    assert not (home / "control.json").exists()


def test_a_taken_port_is_told(filling, tianbao, tmp_path, office):
    port = filling.address.split(":")[2].split("/")[0]
    other = {"TIANBAO_HOME": str(tmp_path / "other")}
    tianbao("enrol", office.url, office.invite(), env=other)

    done = tianbao("fill", "--no-browser", "--port", port, env=other)

    assert done.returncode == 1
    assert f"Port {port}" in done.stderr


def test_fill_goes_with_its_parent(enrolled_home):
    args = [sys.executable, "-m", "client", "fill", "--no-browser", "--port", "0"]
    env = {**os.environ, "TIANBAO_HOME": str(enrolled_home), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*args, "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=env,
    ) as child:
        assert child.stdout.readline()

        child.stdin.close()

        assert child.wait(20) == 0


def test_fill_without_enrolment_says_what_to_do(tianbao):
    done = tianbao("fill", "--no-browser")

    assert done.returncode == 1
    assert "not enrolled" in done.stderr


def test_a_home_that_a_command_holds_is_waited_for(tianbao, enrolled_home):
    with open_services(enrolled_home):
        waiting = start("status", "--json", home=enrolled_home)
        time.sleep(0.3)
        assert waiting.poll() is None

    out, _ = waiting.communicate(timeout=20)
    assert json.loads(out)["saved"] == 0

import http.cookiejar
import json
import urllib.parse
import urllib.request

import pytest


def test_an_entry_made_without_a_network_is_delivered_and_seen_by_the_auditor(
    organiser, enrolled, examples
):
    organiser.stop()
    entries = enrolled.add("attachment-2", examples[:3])
    assert set(enrolled.entries().values()) == {"saved"}
    assert enrolled.sync(check=False).returncode == 1
    assert enrolled.status()["saved"] == 3

    organiser.start()
    enrolled.sync()

    assert enrolled.entries() == dict.fromkeys(entries, "delivered")
    rows = organiser.audit('SELECT _entry, _unit FROM "attachment-2"')
    assert {row[0] for row in rows} == set(entries)
    assert {row[1] for row in rows} == {"jungar"}
    contests = organiser.audit('SELECT count(*) FROM "attachment-2-contests"')
    assert contests == [(6,)]


def test_the_auditor_signs_in_with_a_code_and_nobody_else_sees_anything(
    organiser, enrolled, examples
):
    organiser.stop()
    organiser.start(with_audit=True)
    entry = enrolled.add("attachment-2", examples[:1])[0]
    enrolled.sync()
    base = f"http://127.0.0.1:{organiser.port}/"
    page = f"{base}audit/audit/attachment-2.json?_shape=array"

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(page)  # noqa: S310 - http to our own server
    assert caught.value.code == 403
    caught.value.close()

    browser = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    )
    code = organiser.invite("ordos", "auditor")["code"]
    form = urllib.parse.urlencode({"code": code}).encode()
    browser.open(f"{base}audit/sign-in", form).close()
    with browser.open(page) as answer:
        rows = json.load(answer)

    assert [row["_entry"] for row in rows] == [entry]


def test_what_is_acknowledged_is_visible_within_a_second(organiser, enrolled, examples, until):
    enrolled.add("attachment-2", examples[:1])
    enrolled.sync()

    until(
        lambda: organiser.audit('SELECT count(*) FROM "attachment-2"') == [(1,)],
        "the entry in the auditors' database",
        seconds=1,
    )


def test_a_new_version_of_a_form_reaches_the_device(organiser, enrolled, campaign, tmp_path):
    source = json.loads((campaign / "attachment-2.json").read_bytes())
    source["settings"]["version"] = "2026112201"
    changed = tmp_path / "attachment-2.json"
    changed.write_text(json.dumps(source, ensure_ascii=False), encoding="utf-8")

    published = organiser.call("publish", changed)
    enrolled.sync()

    forms = json.loads(enrolled.call("forms", "--json").stdout)
    versions = {form["form_id"]: form["version"] for form in forms}
    assert versions["attachment-2"] == "2026112201"
    assert published.stdout.startswith("sha256:")


def test_a_revoked_device_still_hands_in_but_into_quarantine(organiser, enrolled, examples):
    member = json.loads(organiser.call("members", "--json").stdout)[0]

    organiser.call("revoke", member["id"])
    entry = enrolled.add("attachment-2", examples[:1])[0]
    done = enrolled.sync()  # nothing is left that could be delivered

    assert "revoked" in done.stderr
    assert enrolled.status()["problem"]["code"] == "revoked"
    assert enrolled.entries()[entry] == "quarantined"
    assert [item["entry"] for item in organiser.quarantine()] == [entry]
    assert organiser.audit('SELECT count(*) FROM "attachment-2"') == [(0,)]


def test_commands_work_beside_a_running_server_and_without_one(organiser):
    alone = organiser.invite()
    organiser.start()
    beside = organiser.invite()

    assert alone["code"] != beside["code"]
    assert beside["code"] in beside["link"]
    assert f":{organiser.port}/" in beside["link"]


def test_a_second_server_on_one_folder_is_refused_with_the_reason(organiser):
    organiser.start()

    refused = organiser.call("serve", "--port", "0", check=False)

    assert refused.returncode == 1
    assert "already runs" in refused.stderr
    assert "Hint:" in refused.stderr


def test_the_server_stops_cleanly_and_starts_again_with_everything(organiser, enrolled, examples):
    enrolled.add("attachment-2", examples[:2])
    enrolled.sync()

    code = organiser.program.end()
    organiser.start()

    assert code == 0
    assert organiser.audit('SELECT count(*) FROM "attachment-2"') == [(2,)]


def test_an_attached_document_is_delivered_byte_for_byte(organiser, enrolled, campaign, tmp_path):
    form = campaign / "implementation-plan.json"
    answers = enrolled.call("form", "example", form, "--seed", "3", "--files", tmp_path).stdout
    file = tmp_path / "answers.json"
    file.write_text(answers, encoding="utf-8")
    document = (tmp_path / json.loads(answers)["plan"]["document"]).read_bytes()

    entry = enrolled.call("add", "implementation-plan", file).stdout.strip()
    enrolled.sync()

    assert enrolled.entries() == {entry: "delivered"}
    stored = [path.read_bytes() for path in (organiser.data / "blobs").rglob("*") if path.is_file()]
    assert stored == [document]


def test_a_reason_names_a_row_without_an_id_by_its_position(enrolled, examples):
    rows = [
        {name: value for name, value in row.items() if name != "_row"}
        for row in examples[0]["contests"]
    ]
    rows[1].update(starts="2018-06-01", ends="2019-05-01")
    reasons = {"contests[2]/starts": "工程于2018年先行开工，竞赛随工程进行"}

    entries = enrolled.add("attachment-2", [{**examples[0], "contests": rows, "_reasons": reasons}])

    assert [enrolled.entries()[entry] for entry in entries] == ["saved"]


def test_examples_are_about_contests_that_this_device_has(enrolled, examples, campaign):
    enrolled.add("attachment-2", examples)

    form = campaign / "progress-report.json"
    made = enrolled.call("form", "example", form, "--count", "30").stdout
    added = enrolled.call("add", "progress-report", "-", input=made).stdout.split()

    shown = [json.loads(enrolled.call("show", each, "--json").stdout) for each in added[:5]]
    assert len(added) == 30
    assert all(each["answers"]["about"]["contest_name"] for each in shown)
    assert '"works_done"' in made
    assert '"energy_done"' in made


def test_the_organiser_sees_in_the_terminal_what_arrived(organiser, enrolled, examples):
    assert json.loads(organiser.call("arrived", "--json").stdout) == []
    entries = enrolled.add("attachment-2", examples[:3])
    enrolled.sync()

    listed = json.loads(organiser.call("arrived", "--limit", "2", "--json").stdout)

    assert [item["entry"] for item in listed] == entries[:0:-1]
    assert {(item["unit_name"], item["state"]) for item in listed} == {("准格尔旗", "logged")}
    assert entries[0] in organiser.call("arrived").stdout

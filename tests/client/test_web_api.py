"""What the pages ask for, and what they are told, over the routes of the app."""

import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from client import web
from client.errors import StorageFullError
from client.services import Services
from client.web.app import create_app
from client.web.bodies import LARGEST_BODY
from client.web.launch import new_launch, new_session
from client.web.problems import LANGUAGES

PORT = 8620
SECRET = b"s" * 32
PICTURE = b"\x89PNG picture"
PLACE = re.compile(r"\{(\w+)\}")
ASKED = re.compile(r"\bt\('([\w.-]+)'")


class Pages:
    """The page's side: sends what `api.js` sends."""

    def __init__(self, services: Services) -> None:
        self._client = create_app(services, new_launch(PORT, SECRET)).test_client(use_cookies=False)
        session = new_session(SECRET, time.time())
        self._headers = {
            "Cookie": f"tianbao_{PORT}={session.cookie}",
            "Tianbao-Key": session.key,
            "Tianbao-Language": "zh-CN",
        }

    def ask(self, method: str, path: str, **more: Any) -> Any:
        return self._client.open(
            path,
            method=method,
            headers={**self._headers, **more.pop("headers", {})},
            base_url=f"http://127.0.0.1:{PORT}",
            buffered=True,
            **more,
        )

    def get(self, path: str) -> Any:
        return self.ask("GET", path).json

    def post(self, route: str, /, **body: Any) -> Any:
        return self.ask("POST", route, json=body).json

    def open_blank(self, form: str = "visit") -> str:
        return str(self.post("/api/drafts", form=form, language="zh-CN")["draft"])

    def step(self, draft: str, act: str, path: str, base: int = 1, **more: Any) -> Any:
        body = {"path": path, "language": "zh-CN", "base": base, **more}
        return self.post(f"/api/drafts/{draft}/{act}", **body)


@pytest.fixture
def pages(services: Services) -> Pages:
    return Pages(services)


def states(change: Any) -> dict[str, Any]:
    return {state["path"]: state for state in change["states"]}


def test_the_first_page_shows_forms_entries_and_status(pages: Pages) -> None:
    draft = pages.open_blank()

    home = pages.get("/api/home?language=en")

    assert [form["form_id"] for form in home["forms"]] == ["visit", "report"]
    assert [(entry["entry"], entry["state"]) for entry in home["entries"]] == [(draft, "draft")]
    assert home["entries"][0]["title"] == "Visit"
    assert home["status"]["unit"] == "北旗总工会"


def test_the_button_asks_for_a_round_now(pages: Pages, services: Services) -> None:
    rung: list[str] = []
    services.wake = lambda: rung.append("now")

    assert pages.ask("POST", "/api/sync", json={}).status_code == 202
    assert rung == ["now"]


def test_a_blank_draft_is_drawn_with_tree_and_states(pages: Pages) -> None:
    draft = pages.open_blank()

    view = pages.get(f"/api/drafts/{draft}?language=en")

    assert view["draft"] == draft
    assert [node["name"] for node in view["definition"]["survey"]][:2] == ["unit_name", "title"]
    drawn = states(view)
    assert drawn["title"]["label"] == "Title"
    assert drawn["title"]["violations"][0]["code"] == "required"
    assert drawn["unit_name"]["value"] == "北旗总工会"


def test_an_answer_brings_back_only_what_it_changed(pages: Pages) -> None:
    draft = pages.open_blank()

    change = pages.step(draft, "answer", "kind", value="b")

    assert set(states(change)) == {"kind", "more"}
    assert states(change)["more"]["relevant"] is True
    assert change["sequence"] == 2


def test_rows_come_move_and_go(pages: Pages) -> None:
    draft = pages.open_blank()

    first = pages.step(draft, "rows", "rows")["added"][0]
    second = pages.step(draft, "rows", "rows", base=2, after=None)["added"][0]
    moved = pages.step(draft, "rows/move", second, base=3, after=None)
    removed = pages.step(draft, "rows/remove", first, base=4)

    assert [f"rows[{row}]" for row in states(moved)["rows"]["rows"]] == [second, first]
    assert removed["removed"] == [first]


def test_a_soft_constraint_passes_with_a_reason(pages: Pages) -> None:
    draft = pages.open_blank()
    wrong = pages.step(draft, "answer", "people", value=2000)

    passed = pages.step(draft, "reason", "people", base=2, reason="全旗职工都参加了")

    assert states(wrong)["people"]["reason"] == ""
    assert states(passed)["people"]["violations"] == []


def test_a_file_is_copied_in_and_can_be_read_again(pages: Pages) -> None:
    draft = pages.open_blank()
    path = f"/api/drafts/{draft}/attachment?path=paper&name=方案.pdf&type=application/pdf"

    change = pages.ask("POST", path, data=PICTURE, content_type="application/octet-stream").json

    value = states(change)["paper"]["value"]
    assert value["name"] == "方案.pdf"
    assert value["sha256"] == hashlib.sha256(PICTURE).hexdigest()
    blob = pages.ask("GET", f"/api/blobs/{value['sha256']}")
    assert blob.data == PICTURE
    assert blob.mimetype == "application/octet-stream"


def test_a_second_tab_is_told_what_the_first_did(pages: Pages) -> None:
    draft = pages.open_blank()
    pages.step(draft, "answer", "title", value="甲")

    events = pages.get(f"/api/drafts/{draft}/events?after=1&language=zh-CN")
    answered = pages.step(draft, "answer", "kind", base=1, value="a")

    assert states(events["steps"][0])["title"]["value"] == "甲"
    assert states(answered["missed"][0])["title"]["value"] == "甲"


def test_finalizing_says_what_is_wrong_or_saves(pages: Pages) -> None:
    draft = pages.open_blank()

    refused = pages.post(f"/api/drafts/{draft}/finalize")
    pages.step(draft, "answer", "title", value="甲")
    saved = pages.post(f"/api/drafts/{draft}/finalize")

    assert [each["path"] for each in refused["violations"]] == ["title"]
    assert saved["entry"] == draft
    assert saved["state"] == "saved"


def test_an_entry_is_drawn_as_it_was_handed_in(pages: Pages) -> None:
    draft = pages.open_blank()
    pages.step(draft, "answer", "title", value="甲")
    pages.step(draft, "answer", "kind", value="b")
    row = pages.step(draft, "rows", "rows")["added"][0]
    pages.step(draft, "answer", f"{row}/what", value="乙")
    pages.post(f"/api/drafts/{draft}/finalize")

    entry = pages.get(f"/api/entries/{draft}?language=en")

    drawn = states(entry)
    assert entry["state"] == "saved"
    assert drawn["title"]["value"] == "甲"
    assert drawn[f"{row}/what"]["value"] == "乙"
    assert drawn["kind"]["choices"][1] == {"name": "b", "label": "B"}


def test_a_draft_that_was_discarded_is_gone(pages: Pages) -> None:
    draft = pages.open_blank()

    assert pages.ask("DELETE", f"/api/drafts/{draft}", json={}).status_code == 200

    gone = pages.ask("GET", f"/api/drafts/{draft}/events?after=1")
    assert gone.status_code == 404
    assert gone.json["code"] == "unknown_draft"
    assert gone.json["message"] == "这份草稿已在别处完成或删除。"


def test_an_answer_to_a_row_that_is_gone_is_a_conflict(pages: Pages) -> None:
    draft = pages.open_blank()
    body = {"path": "rows[abc]/what", "language": "en", "base": 1, "value": "x"}

    answer = pages.ask("POST", f"/api/drafts/{draft}/answer", json=body)

    assert answer.status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b"null",
        b'{"path": "title"}',
        b'{"path": "title", "value": 1, "language": "en", "base": 1, "more": 1}',
        b'{"path": "title", "value": 1, "language": "en", "base": "1"}',
        b'{"path": "title", "value": NaN, "language": "en", "base": 1}',
        b'{"path": "title", "value": 1, "value": 2, "language": "en", "base": 1}',
        b'{"path": "title", "value": ' + b"[" * 64 + b"]" * 64 + b', "language": "en", "base": 1}',
        b"\xff\xfe",
    ],
)
def test_a_malformed_body_is_refused_and_changes_nothing(pages: Pages, body: bytes) -> None:
    draft = pages.open_blank()

    answer = pages.ask(
        "POST", f"/api/drafts/{draft}/answer", data=body, content_type="application/json"
    )

    assert answer.status_code == 400
    assert answer.json["code"] == "body"
    assert pages.get(f"/api/drafts/{draft}?language=en")["sequence"] == 1


def test_a_body_that_is_too_large_for_an_answer_is_refused(pages: Pages) -> None:
    draft = pages.open_blank()
    body = json.dumps({"path": "title", "value": "x" * LARGEST_BODY, "language": "en", "base": 1})

    answer = pages.ask(
        "POST", f"/api/drafts/{draft}/answer", data=body, content_type="application/json"
    )

    assert answer.status_code == 413


def test_a_full_disk_is_told_as_such(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise StorageFullError("home")

    monkeypatch.setattr(Services, "forms", fails)

    answer = pages.ask("GET", "/api/home")

    assert answer.status_code == 507
    assert "磁盘空间不足" in answer.json["message"]


def test_a_mistake_of_ours_tells_nothing_of_the_inside(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(Services, "status", fails)

    answer = pages.ask("GET", "/api/home", headers={"Tianbao-Language": "en"})

    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_a_page_without_our_language_gets_the_first_one(pages: Pages) -> None:
    answer = pages.ask("GET", "/api/entries/none", headers={"Tianbao-Language": "fr"})

    assert answer.status_code == 404
    assert answer.json["message"] == "本机没有这份填报。"


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    folder = Path(web.__file__).parent / "static" / "i18n"
    one, other = (json.loads((folder / f"{name}.json").read_bytes()) for name in LANGUAGES)

    assert one.keys() == other.keys()
    for key in one:
        assert set(PLACE.findall(one[key])) == set(PLACE.findall(other[key])), key


def test_every_text_that_a_page_asks_for_is_there() -> None:
    folder = Path(web.__file__).parent / "static"
    texts = json.loads((folder / "i18n" / "zh-CN.json").read_bytes())
    asked = {key for path in folder.rglob("*.js") for key in ASKED.findall(path.read_text("utf-8"))}

    assert asked - texts.keys() == set()


@pytest.fixture
def entry(services: Services) -> str:
    answers = {"title": "一", "people": 3}
    return str(services.adder.add("visit", answers, services.home.path)["entry"])


def test_a_finalized_entry_is_opened_changed_and_its_history_told(pages: Pages, entry: str) -> None:
    opened = pages.ask("POST", f"/api/entries/{entry}/edit", json={"language": "zh-CN"})
    assert (opened.status_code, opened.json) == (201, {"draft": entry})
    assert pages.get(f"/api/drafts/{entry}?language=zh-CN")["is_edit"] is True

    pages.step(entry, "answer", "title", value="二")
    outcome = pages.ask("POST", f"/api/drafts/{entry}/finalize", json={}).json

    revisions = pages.get(f"/api/entries/{entry}/history?language=zh-CN")["revisions"]
    assert revisions[0]["digest"] == outcome["revision"]
    (change,) = revisions[0]["differences"][0]["changes"]
    assert (change["label"], change["before"], change["after"]) == ("题目", "一", "二")
    query = f"from={revisions[1]['digest']}&to={revisions[0]['digest']}&language=en"
    assert pages.get(f"/api/entries/{entry}/differences?{query}")["changes"][0]["label"] == "Title"


def test_an_entry_is_taken_back_with_a_reason_and_then_not_opened(pages: Pages, entry: str) -> None:
    assert pages.ask("POST", f"/api/entries/{entry}/void", json={"reason": ""}).status_code == 422
    pages.post(f"/api/entries/{entry}/void", reason="重复填报")

    (listed,) = pages.get("/api/home")["entries"]
    assert (listed["operation"], listed["reason"]) == ("void", "重复填报")
    read = pages.get(f"/api/entries/{entry}?language=zh-CN")
    assert states(read)["title"]["value"] == "一"
    refused = pages.ask("POST", f"/api/entries/{entry}/edit", json={"language": "zh-CN"})
    assert (refused.status_code, refused.json["code"]) == (409, "void_entry")


def test_a_conflict_is_shown_and_decided(
    pages: Pages, services: Services, entry: str, mate: Any
) -> None:
    services.rounds.run()
    mate.edit(entry, title="他")
    services.patcher.edit(entry, {"title": "我"}, services.home.path)
    services.rounds.run()
    (contested,) = pages.get(f"/api/entries/{entry}/conflicts?language=zh-CN")["contested"]
    assert contested["path"] == "title"
    left = pages.ask("POST", f"/api/entries/{entry}/merge", json={"take": {"people": {"value": 1}}})
    assert (left.status_code, left.json["code"]) == (422, "not_contested")

    outcome = pages.post(f"/api/entries/{entry}/merge", take={"title": {"choice": "theirs"}})

    assert outcome["entry"] == entry
    assert pages.get(f"/api/entries/{entry}/conflicts?language=zh-CN")["contested"] == []
    assert pages.get("/api/home")["status"]["conflicts"] == 0


@pytest.mark.parametrize(
    "take", [{}, {"title": {}}, {"title": {"choice": "mine"}}, {"title": {"head": "x", "value": 1}}]
)
def test_a_choice_is_one_of_its_three_shapes(pages: Pages, entry: str, take: Any) -> None:
    answer = pages.ask("POST", f"/api/entries/{entry}/merge", json={"take": take})

    assert (answer.status_code, answer.json["code"]) == (400, "body")


def test_a_draft_is_looked_at_and_moved_to_a_newer_version(
    pages: Pages, services: Services, office: Any, visit_form: dict[str, Any]
) -> None:
    draft = pages.open_blank()
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)
    services.rounds.run()

    told = pages.get(f"/api/drafts/{draft}/upgrade?language=zh-CN")
    assert (told["to"]["version"], told["applied"]) == ("2", False)
    assert pages.post(f"/api/drafts/{draft}/upgrade", language="zh-CN")["applied"] is True
    assert pages.get(f"/api/drafts/{draft}?language=zh-CN")["version"] == "2"


def test_entries_come_in_pages_and_each_once(services: Services, pages: Pages) -> None:
    saved = [
        services.adder.add("visit", {"title": str(number)}, Path())["entry"] for number in range(5)
    ]

    first = pages.get("/api/home?limit=2")
    second = pages.get(f"/api/entries?limit=2&before={first['next']}")
    last = pages.get(f"/api/entries?limit=2&before={second['next']}")

    listed = [each["entry"] for page in (first, second, last) for each in page["entries"]]
    assert listed == saved[::-1]
    assert (first["more"], second["more"], last["more"]) == (True, True, False)
    assert {page["total"] for page in (first, second, last)} == {5}


@pytest.mark.parametrize("asked", ["limit=0", "limit=x", "limit=9999999", "before=x", "before=-1"])
def test_a_page_that_makes_no_sense_is_the_first_one(
    services: Services, pages: Pages, asked: str
) -> None:
    entry = services.adder.add("visit", {"title": "a"}, Path())["entry"]

    (listed,) = pages.get(f"/api/entries?{asked}")["entries"]

    assert listed["entry"] == entry

"""Who may reach the local pages: a table of requests that other pages and programs could send."""

import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from client.control import proof_of
from client.services import Services
from client.web.app import create_app
from client.web.guard import KEY_HEADER
from client.web.launch import SESSION_SECONDS, Launch, Session, new_launch, new_session

PORT = 8620
OWN = f"http://127.0.0.1:{PORT}"
SECRET = b"s" * 32
DRAFT = "11111111-2222-4333-8444-555555555555"

PAGES = [("GET", "/"), ("GET", f"/fill/{DRAFT}"), ("GET", "/static/app.js")]
DATA = [
    ("GET", "/api/home"),
    ("GET", f"/api/drafts/{DRAFT}"),
    ("GET", f"/api/drafts/{DRAFT}/events"),
    ("GET", f"/api/entries/{DRAFT}"),
    ("GET", f"/api/blobs/{'0' * 64}"),
]
CHANGES = [
    ("POST", "/api/drafts"),
    ("DELETE", f"/api/drafts/{DRAFT}"),
    ("POST", f"/api/drafts/{DRAFT}/answer"),
    ("POST", f"/api/drafts/{DRAFT}/reason"),
    ("POST", f"/api/drafts/{DRAFT}/rows"),
    ("POST", f"/api/drafts/{DRAFT}/rows/remove"),
    ("POST", f"/api/drafts/{DRAFT}/rows/move"),
    ("POST", f"/api/drafts/{DRAFT}/attachment?path=a&name=b&type=c"),
    ("POST", f"/api/drafts/{DRAFT}/finalize"),
    ("POST", "/api/sync"),
]
ENTERING = [("POST", "/session")]
EVERYTHING = [*PAGES, *DATA, *CHANGES, *ENTERING]

FOREIGN_HOSTS = [
    "",
    "127.0.0.1",
    f"127.0.0.1:{PORT + 1}",
    f"127.0.0.1.evil.example:{PORT}",
    f"evil.example:{PORT}",
    f"localhost.evil.example:{PORT}",
    f"0.0.0.0:{PORT}",
    f"127.1:{PORT}",
    f"127.0.0.2:{PORT}",
    f"[::]:{PORT}",
    f"evil.example@127.0.0.1:{PORT}",
]
FOREIGN_ORIGINS = [
    "null",
    "http://evil.example",
    f"https://127.0.0.1:{PORT}",
    f"http://127.0.0.1:{PORT + 1}",
    "http://127.0.0.1",
    f"http://localhost:{PORT}",
    f"http://127.0.0.1:{PORT}.evil.example",
    "file://",
]


@pytest.fixture
def launch() -> Launch:
    return new_launch(PORT, SECRET, control_key="control")


@pytest.fixture
def app(services: Services, launch: Launch) -> Flask:
    return create_app(services, launch)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


def ask(
    client: FlaskClient,
    route: tuple[str, str],
    session: Session | None = None,
    *,
    host: str = f"127.0.0.1:{PORT}",
    content_type: str = "application/json",
    **headers: str,
) -> TestResponse:
    method, path = route
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if session is not None:
        named["Cookie"] = f"tianbao_{PORT}={session.cookie}"
        named[KEY_HEADER] = session.key
    body: dict[str, Any] = {} if method == "GET" else {"data": "{}", "content_type": content_type}
    return client.open(
        path,
        method=method,
        headers=named,
        base_url=OWN,
        environ_overrides={"HTTP_HOST": host},
        buffered=True,
        **body,
    )


@pytest.fixture
def own() -> Session:
    return new_session(SECRET, time.time())


@pytest.mark.parametrize("route", EVERYTHING, ids=" ".join)
def test_a_page_of_another_site_reaches_nothing(
    client: FlaskClient, own: Session, route: tuple[str, str]
) -> None:
    assert ask(client, route, own, Sec_Fetch_Site="cross-site").status_code == 403
    assert ask(client, route, own, Sec_Fetch_Site="same-site").status_code == 403


@pytest.mark.parametrize("route", EVERYTHING, ids=" ".join)
def test_a_foreign_origin_reaches_nothing(
    client: FlaskClient, own: Session, route: tuple[str, str]
) -> None:
    for origin in FOREIGN_ORIGINS:
        assert ask(client, route, own, Origin=origin).status_code == 403, origin


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_name_that_was_rebound_to_this_computer_reaches_nothing(
    client: FlaskClient, own: Session, host: str
) -> None:
    for route in EVERYTHING:
        answer = ask(client, route, own, host=host, Origin=f"http://{host}")
        assert answer.status_code == 403, route


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_the_names_of_this_computer_are_let_in(
    client: FlaskClient, own: Session, name: str
) -> None:
    host = f"{name}:{PORT}"

    answer = ask(client, ("GET", "/api/home"), own, host=host, Origin=f"http://{host.lower()}")

    assert answer.status_code == 200


@pytest.mark.parametrize("route", [*DATA, *CHANGES], ids=" ".join)
def test_data_needs_both_halves_of_one_session(
    client: FlaskClient, own: Session, route: tuple[str, str]
) -> None:
    other = new_session(SECRET, time.time())
    forged = new_session(b"f" * 32, time.time())
    longer = own.cookie.replace(own.cookie.partition(".")[0], "99999999999")
    halves = {
        "nothing": None,
        "the cookie alone": Session(own.cookie, ""),
        "the key alone": Session("", own.key),
        "the key of another session": Session(own.cookie, other.key),
        "halves made from another secret": forged,
        "a cookie with a later end": Session(longer, own.key),
        "a session that has ended": new_session(SECRET, time.time() - SESSION_SECONDS - 1),
        "words that are no session": Session("..", "é"),
    }

    for what, session in halves.items():
        assert ask(client, route, session).status_code == 401, what


def test_a_session_opens_what_its_page_asks_for(client: FlaskClient, own: Session) -> None:
    answer = ask(client, ("GET", "/api/home"), own, Sec_Fetch_Site="same-origin", Origin=OWN)

    assert answer.status_code == 200
    assert {form["form_id"] for form in answer.json["forms"]} == {"visit", "report"}


@pytest.mark.parametrize("route", [*CHANGES, *ENTERING], ids=" ".join)
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_form_of_another_page_can_send_changes_nothing(
    client: FlaskClient, own: Session, route: tuple[str, str], content_type: str
) -> None:
    assert ask(client, route, own, content_type=content_type).status_code == 415


@pytest.mark.parametrize("route", [route for route in CHANGES if route[0] == "POST"], ids=" ".join)
def test_no_change_is_made_by_reading(
    client: FlaskClient, own: Session, route: tuple[str, str]
) -> None:
    _, path = route

    assert ask(client, ("GET", path), own).status_code == 405
    assert ask(client, ("HEAD", path), own).status_code == 405


def test_the_token_of_the_launch_gives_a_session(client: FlaskClient, launch: Launch) -> None:
    answer = client.post("/session", json={"token": launch.token}, base_url=OWN)

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    session = Session(cookie.partition("=")[2].partition(";")[0], answer.json["key"])
    assert ask(client, ("GET", "/api/home"), session).status_code == 200


@pytest.mark.parametrize("token", ["", "a", "é", "x" * 32])
def test_a_wrong_token_gives_no_session(client: FlaskClient, token: str) -> None:
    answer = client.post("/session", json={"token": token}, base_url=OWN)

    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_the_token_of_an_earlier_launch_gives_no_session(client: FlaskClient) -> None:
    earlier = new_launch(PORT, SECRET)

    assert client.post("/session", json={"token": earlier.token}, base_url=OWN).status_code == 401


def test_a_session_outlives_a_restart_of_the_client(services: Services, own: Session) -> None:
    restarted = create_app(services, new_launch(PORT, SECRET)).test_client(use_cookies=False)

    assert ask(restarted, ("GET", "/api/home"), own).status_code == 200


@pytest.mark.parametrize("route", [*PAGES, *DATA, ("GET", "/nowhere")], ids=" ".join)
def test_every_answer_says_that_nothing_foreign_may_run_in_it(
    client: FlaskClient, own: Session, route: tuple[str, str]
) -> None:
    headers = ask(client, route, own).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] in {"no-store", "no-cache"}
    assert "Access-Control-Allow-Origin" not in headers


def test_what_holds_data_is_kept_by_no_cache(client: FlaskClient, own: Session) -> None:
    for route in [*DATA, ("GET", "/")]:
        assert ask(client, route, own).headers["Cache-Control"] == "no-store"


def test_no_page_carries_a_script_or_style_of_its_own(client: FlaskClient) -> None:
    page = ask(client, ("GET", "/")).text

    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count('<script type="module" src=')


def test_commands_of_another_process_need_the_key_of_the_home(client: FlaskClient) -> None:
    route = ("POST", "/control/status")

    assert ask(client, route).status_code == 403
    assert ask(client, route, Authorization="Bearer wrong").status_code == 403
    assert ask(client, route, Authorization="Bearer control").status_code == 200


def test_no_browser_hands_over_commands(client: FlaskClient, own: Session) -> None:
    route = ("POST", "/control/status")
    key = {"Authorization": "Bearer control"}

    assert ask(client, route, own).status_code == 403
    assert ask(client, route, **key, Origin=OWN).status_code == 403
    assert ask(client, route, **key, Sec_Fetch_Site="same-origin").status_code == 403
    assert ask(client, route, **key, Sec_Fetch_Mode="navigate").status_code == 403
    assert ask(client, route, **key, host=f"evil.example:{PORT}").status_code == 403


def test_without_a_control_key_nothing_is_handed_over(services: Services) -> None:
    keyless = create_app(services, new_launch(PORT, SECRET)).test_client()

    assert ask(keyless, ("POST", "/control/status"), Authorization="Bearer ").status_code == 403
    assert ask(keyless, ("GET", "/control/proof"), Tianbao_Nonce="00").status_code == 403


def test_the_process_that_holds_the_home_proves_it_without_telling_the_key(
    client: FlaskClient,
) -> None:
    proof = ask(client, ("GET", "/control/proof"), Tianbao_Nonce="00")

    assert proof.text == proof_of("control", "00")


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "请从启动时"), ("en", "Please come in")])
def test_a_refusal_is_said_in_the_language_of_the_page(
    client: FlaskClient, language: str, words: str
) -> None:
    answer = ask(client, ("GET", "/api/home"), Tianbao_Language=language)

    assert answer.json["code"] == "session"
    assert answer.json["message"].startswith(words)


def test_a_person_who_followed_a_link_is_told_what_to_do(client: FlaskClient) -> None:
    answer = ask(client, ("GET", "/"), Sec_Fetch_Site="cross-site", Accept="text/html")

    assert answer.status_code == 403
    assert answer.mimetype == "text/plain"
    assert "地址栏" in answer.text
    assert "address" in answer.text

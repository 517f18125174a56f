"""Who gets to see the auditors' pages, and for how long."""

import http.client
from datetime import timedelta

import pytest
import requests

from server.audit.agreement import COOKIE, PROXY_HEADER
from server.audit.ticket import LIFETIME, Ticket, TicketOffice
from server.db import open_reader

PAGES = (
    *("/", "/.json", "/audit", "/audit/units", "/audit/units.json", "/audit/units.csv"),
    *("/audit/attachment-2-contests_fts", "/audit/attachment-2-contests_fts_content.json"),
    *("/audit?sql=select+1", "/audit.json?sql=select+1", "/audit.csv?sql=select+1"),
    *("/audit/arrived-late", "/audit.db", "/-/plugins", "/-/settings.json", "/-/metadata"),
    *("/-/databases.json", "/-/threads", "/-/actor", "/-/static/app.css", "/_internal", "/_memory"),
    *("/favicon.ico", "/nothing", "/-/allow-debug", "/-/auth-token?token=1"),
)


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_gets_403_on_every_page(shown, path):
    answer = shown.get(path)

    assert answer.status_code == 403
    assert "请先登录" in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_the_process_behind_answers_nobody_but_the_proxy(shown, signed_in, path):
    host, port = shown.child.address
    own_cookie = signed_in.cookies[COOKIE]

    for headers in ({}, {"Cookie": f"{COOKIE}={own_cookie}"}, {PROXY_HEADER: "guess"}):
        answer = requests.get(f"http://{host}:{port}/audit{path}", headers=headers, timeout=30)
        assert answer.status_code == 403


def test_the_secret_of_the_proxy_alone_opens_nothing(shown):
    host, port = shown.child.address

    answer = requests.get(
        f"http://{host}:{port}/audit/", headers={PROXY_HEADER: shown.child.proxy_secret}, timeout=30
    )

    assert answer.status_code == 403


def test_headers_that_claim_an_actor_are_not_handed_on(shown):
    claims = {"Cookie": "ds_actor=root", PROXY_HEADER: "x", "Authorization": "Bearer x"}

    answer = requests.get(f"{shown.address}/audit/-/actor.json", headers=claims, timeout=30)

    assert answer.status_code == 403


def test_the_actor_is_the_member_of_the_session(shown, signed_in):
    actor = shown.get("/-/actor.json", signed_in).json()["actor"]

    assert actor["role"] == "auditor"
    assert set(actor) == {"id", "role", "display"}


def test_an_address_without_its_slash_leads_home(shown, signed_in):
    answer = shown.get("", signed_in)

    assert answer.status_code == 308
    assert answer.headers["Location"].endswith("/audit/")


@pytest.mark.parametrize("role", ["auditor", "organiser"])
def test_a_one_time_code_of_the_organising_unit_lets_in(shown, role):
    with requests.Session() as browser:
        answer = browser.post(
            f"{shown.address}/audit/sign-in",
            data={"code": shown.code(role).lower().replace("-", " ")},
            allow_redirects=False,
        )

        assert answer.status_code == 303
        assert answer.headers["Location"] == "/audit/"
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/audit" in cookie
        assert f"Max-Age={int(LIFETIME.total_seconds())}" in cookie
        assert shown.get("/", browser).status_code == 200


def test_a_code_lets_in_once(shown):
    code = shown.code()
    sign_in = f"{shown.address}/audit/sign-in"
    with requests.Session() as first, requests.Session() as second:
        first.post(sign_in, data={"code": code})

        answer = second.post(sign_in, data={"code": code}, allow_redirects=False)

        assert answer.status_code == 403
        assert "已使用过" in answer.text
        assert COOKIE not in second.cookies


@pytest.mark.parametrize(
    ("code", "text"), [("", "格式不对"), ("ABC", "格式不对"), ("0" * 20, "没有这个邀请码")]
)
def test_what_is_no_code_is_refused_with_the_reason(shown, code, text):
    answer = requests.post(f"{shown.address}/audit/sign-in", data={"code": code}, timeout=30)

    assert answer.status_code == 403
    assert text in answer.text


def test_a_reporters_code_opens_nothing(shown):
    code = shown.book.services.invite("dongsheng", "reporter").code

    answer = requests.post(f"{shown.address}/audit/sign-in", data={"code": code}, timeout=30)

    assert answer.status_code == 403


def test_an_expired_code_is_refused_with_the_reason(site):
    code = site.code()
    site.book.clock.now += timedelta(days=15)

    answer = requests.post(f"{site.address}/audit/sign-in", data={"code": code}, timeout=30)

    assert answer.status_code == 403
    assert "已过期" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "none"},
    ],
)
def test_another_site_cannot_sign_a_browser_in_nor_use_the_code_up(shown, headers):
    form = {"url": f"{shown.address}/audit/sign-in", "data": {"code": shown.code()}}

    answer = requests.post(**form, headers=headers, timeout=30)
    own = requests.post(**form, allow_redirects=False, timeout=30)

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert own.status_code == 303


@pytest.mark.parametrize("site", ["same-origin", None])
def test_our_own_page_signs_in(shown, site):
    answer = requests.post(
        f"{shown.address}/audit/sign-in",
        data={"code": shown.code()},
        headers={"Origin": shown.address, "Sec-Fetch-Site": site},
        allow_redirects=False,
        timeout=30,
    )

    assert answer.status_code == 303


def test_a_forged_or_aged_cookie_opens_nothing(shown):
    forged = TicketOffice(b"another key").seal(Ticket("session", "member", "auditor"))
    for value in (forged, forged[:-3], "x", ""):
        answer = requests.get(
            f"{shown.address}/audit/", headers={"Cookie": f"{COOKIE}={value}"}, timeout=30
        )
        assert answer.status_code == 403


def test_a_signed_cookie_without_a_session_opens_nothing(shown):
    office = TicketOffice(shown.book.services.keys.cookie)
    cookie = office.seal(Ticket("0" * 64, "member", "auditor"))

    answer = requests.get(
        f"{shown.address}/audit/", headers={"Cookie": f"{COOKIE}={cookie}"}, timeout=30
    )

    assert answer.status_code == 403


def test_a_revoked_auditor_is_out_at_once(site):
    assert site.child.wait_until_ready(60)
    with site.auditor() as browser:
        member = site.get("/-/actor.json", browser).json()["actor"]["id"]

        site.book.services.revoke(member)

        assert site.get("/", browser).status_code == 403


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(site):
    assert site.child.wait_until_ready(60)
    with site.auditor() as browser:
        copy = {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
        assert "退出登录" in site.get("/sign-out", browser).text

        browser.post(f"{site.address}/audit/sign-out")

        assert requests.get(f"{site.address}/audit/", headers=copy, timeout=30).status_code == 403


def test_use_renews_a_session_and_disuse_ends_it(site):
    assert site.child.wait_until_ready(60)
    with site.auditor() as browser:
        site.book.clock.now += timedelta(days=29)
        renewed = site.get("/", browser)
        site.book.clock.now += timedelta(days=29)
        again = site.get("/", browser)
        site.book.clock.now += timedelta(days=31)
        late = site.get("/", browser)

    assert COOKIE in renewed.headers["Set-Cookie"]
    assert again.status_code == 200
    assert late.status_code == 403


def test_a_session_that_was_renewed_just_now_is_not_renewed_again(site):
    assert site.child.wait_until_ready(60)
    with site.auditor() as browser:
        assert "Set-Cookie" not in site.get("/", browser).headers


def test_the_secret_of_a_session_is_not_stored(site):
    with site.auditor() as browser:
        ticket = TicketOffice(site.book.services.keys.cookie).read(browser.cookies[COOKIE])

    connection = open_reader(site.book.services.folder.log_db)
    stored = connection.execute("select id from session").fetchone()["id"]
    connection.close()
    assert ticket.session not in stored


def test_the_page_takes_a_code_from_behind_the_hash_and_runs_nothing_else(shown):
    page = shown.get("/sign-in")

    policy = page.headers["Content-Security-Policy"]
    nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
    assert f'<script nonce="{nonce}">' in page.text
    assert "location.hash" in page.text
    assert "unsafe-inline" not in policy
    assert page.headers["Cache-Control"] == "no-store"


def test_an_encoded_path_is_handed_on_as_it_came(shown, signed_in):
    host = shown.address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)
    cookie = {"Cookie": f"{COOKIE}={signed_in.cookies[COOKIE]}"}

    connection.request("GET", "/audit/audit/%E5%8D%95%E4%BD%8D", headers=cookie)
    answer = connection.getresponse()

    assert answer.status in {302, 404}
    connection.close()

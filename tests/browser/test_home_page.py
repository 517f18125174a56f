"""The first page and the way in."""

import re

from playwright.sync_api import Browser, Page, expect

from client.profile import read_profile
from client.services import open_services


def test_without_the_token_there_is_no_way_in_but_pasting_the_address(
    page: Page, local_client
) -> None:
    page.goto(local_client.address.partition("#")[0])
    expect(page.get_by_role("heading", name="请从启动时给出的地址进入")).to_be_visible()

    page.get_by_label("粘贴完整地址").fill("http://127.0.0.1/#token=wrong")
    page.get_by_role("button", name="进入").click()
    expect(page.get_by_text("这个地址不是本次启动给出的")).to_be_visible()
    page.get_by_label("粘贴完整地址").fill(local_client.address)
    page.get_by_role("button", name="进入").click()

    expect(page.get_by_role("heading", name="需要填报")).to_be_visible()


def test_the_token_does_not_stay_in_the_address(page: Page, local_client) -> None:
    page.goto(local_client.address)

    expect(page.get_by_role("heading", name="需要填报")).to_be_visible()
    assert "token" not in page.url


def test_another_browser_is_not_let_in_by_the_session_of_the_first(
    page: Page, local_client, browser: Browser
) -> None:
    page.goto(local_client.address)
    expect(page.get_by_role("heading", name="需要填报")).to_be_visible()

    context = browser.new_context(locale="zh-CN")
    other = context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("heading", name="请从启动时给出的地址进入")).to_be_visible()
    context.close()


def test_the_first_page_says_what_is_asked_by_when_and_how_the_server_is(
    page: Page, local_client, screenshot
) -> None:
    page.goto(local_client.address)

    card = page.get_by_role("listitem").filter(has_text="各旗区（产业）")
    expect(card).to_contain_text("各旗区总工会、各产业（系统）工会填报")
    expect(card).to_contain_text("应于2019年5月30日前报送")
    expect(page.get_by_text("连不上服务器")).to_be_visible()
    expect(page.get_by_text("东胜区总工会 · 其木格")).to_be_visible()
    screenshot(page, "home")


def test_the_first_page_follows_what_happens_by_itself(page: Page, local_client) -> None:
    page.goto(local_client.address)
    expect(page.get_by_role("heading", name="需要填报")).to_be_visible()
    expect(page.get_by_role("heading", name="草稿")).to_be_hidden()
    second = page.context.new_page()
    second.goto(local_client.address)
    second.get_by_role("button", name="填写: 实施方案").click()
    expect(second.get_by_role("button", name="完成填报")).to_be_visible()

    expect(page.get_by_role("heading", name="草稿")).to_be_visible()
    local_client.stop()
    expect(page.get_by_text("填报程序没有响应")).to_be_visible()
    local_client.start()
    expect(page.get_by_text("连不上服务器")).to_be_visible()


def test_a_server_without_encryption_is_warned_of_for_good(page: Page, local_client) -> None:
    local_client.stop()
    with open_services(local_client.home) as services, services.db.transaction():
        assert read_profile(services.db) is not None
        services.db.write("UPDATE profile SET server = ?", ("http://192.0.2.1:8000",))
    local_client.start()

    page.goto(local_client.address)

    expect(page.get_by_role("note")).to_have_text(
        re.compile("http://192.0.2.1:8000 的连接没有加密")
    )


def test_a_page_of_another_origin_cannot_read_or_change_anything(
    page: Page, local_client, browser: Browser
) -> None:
    page.goto(local_client.address)
    expect(page.get_by_role("heading", name="需要填报")).to_be_visible()
    own = page.url
    other = page.context.new_page()
    other.route(
        "http://evil.example/", lambda route: route.fulfill(body="<p>", content_type="text/html")
    )
    other.goto("http://evil.example/")

    outcomes = other.evaluate(
        """async (own) => Promise.all([
          fetch(own + 'api/home', {credentials: 'include'}),
          fetch(own + 'session', {method: 'POST', body: '{}'}),
          fetch(own + 'api/sync', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}),
        ].map((asked) => asked.then((answer) => answer.type, () => 'failed')))""",
        own,
    )
    assert outcomes == ["failed"] * 3

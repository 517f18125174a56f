"""The whole story in the browser: filled in without a network, delivered, seen by an auditor."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def client(enrolled, programs):
    """The pages of an enrolled reporter."""
    program = programs("client", "--home", enrolled.home, "fill", "--port", "0", "--no-browser")
    return program.line(r"^http://\S+$")[0]


def cell(page, question, row):
    found = page.locator(f'td[data-path$="/{question}"]').nth(row)
    return found.locator("input, select, textarea")


def fill_row(page, row, words):
    cell(page, "project", row).fill(f"{words}工程")
    cell(page, "contest", row).fill(f"{words}技能竞赛")
    cell(page, "content", row).fill("比工程质量、比安全生产，全体参建职工参加")
    cell(page, "starts", row).fill("2019-06-01")
    cell(page, "ends", row).fill("2020-05-31")
    cell(page, "category", row).select_option("major_works")
    expect(cell(page, "field", row)).to_be_visible()
    cell(page, "field", row).select_option("railway")


def sign_in(page, organiser):
    link = organiser.invite("ordos", "auditor")["link"]
    page.goto(link)
    page.wait_for_url(re.compile(r"/audit/$"))
    return page.url


def test_a_table_filled_in_without_a_network_is_delivered_and_seen_by_an_auditor(
    organiser, client, page, screenshot
):
    organiser.stop()
    page.goto(client)
    page.get_by_role("button", name="填写: 各旗区").click()

    fill_row(page, 0, "铁路")
    page.get_by_role("button", name="添加一行").click()
    fill_row(page, 1, "焊工")
    page.get_by_label("审批人").fill("阿拉坦")
    page.get_by_label("填报人").fill("其木格")
    expect(page.get_by_text("都填好了")).to_be_visible()
    expect(page.get_by_text("草稿已保存在本机")).to_be_visible()
    screenshot(page, "fill-table")
    page.goto(client)
    page.locator('a[href^="/fill/"]').click()
    expect(cell(page, "project", 1)).to_have_value("焊工工程")
    page.get_by_role("button", name="完成填报").click()

    page.wait_for_url(re.compile("/entries/"))
    state = page.locator(".state").first
    expect(state).to_have_text("已保存在本机")
    screenshot(page, "saved-without-network")

    organiser.start(with_audit=True)

    expect(state).to_have_text("已送达", timeout=90_000)
    screenshot(page, "delivered")
    audit = sign_in(page, organiser)
    page.goto(f"{audit}audit/attachment-2-contests?_search=焊工")
    expect(page.locator("td", has_text="焊工技能竞赛").first).to_be_visible()
    expect(page.locator("td", has_text="准格尔旗").first).to_be_visible()
    screenshot(page, "audit")

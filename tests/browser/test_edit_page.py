"""A finished entry on its page: changed, taken back, its history; and a newer version of its form."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from client.services import open_services

Serve = Callable[[Path], Any]
Add = Callable[..., list[str]]
FORM = Path(__file__).parents[2] / "forms" / "ordos-2019" / "attachment-2.json"
Screenshot = Callable[[Page, str], None]
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def entry(sample_home: Path, add: Add) -> str:
    with open_services(sample_home) as services:
        return add(services)[0]


@pytest.fixture
def at_entry(page: Page, sample_home: Path, entry: str, serve: Serve) -> Page:
    page.goto(serve(sample_home).address)
    page.locator(f'a[href="/entries/{entry}"]').click()
    expect(page.get_by_role("button", name="修改")).to_be_visible()
    return page


def change_approver(page: Page, name: str) -> None:
    page.get_by_role("button", name="修改").click()
    expect(page.get_by_role("heading", name="正在修改一份已完成的填报")).to_be_visible()
    page.get_by_label("审批人").fill(name)
    expect(page.get_by_text("草稿已保存在本机")).to_be_visible()


def test_a_finished_entry_is_changed_and_its_history_compared(
    at_entry: Page, screenshot: Screenshot
) -> None:
    page = at_entry
    change_approver(page, "阿拉坦")
    screenshot(page, "edit")
    page.get_by_role("button", name="完成修改").click()
    page.wait_for_url(re.compile("/entries/"))
    expect(page.get_by_text("已保存在本机，并会自动送达。", exact=True)).to_be_visible()

    page.get_by_role("button", name="历史").press("Enter")

    expect(page.get_by_role("heading", name="历史")).to_be_focused()
    versions = page.locator(".version")
    expect(versions).to_have_count(2)
    expect(versions.first).to_contain_text("第 2 版")
    expect(versions.first).to_contain_text("其木格，本机")
    versions.first.get_by_text("改了 1 处").click()
    expect(versions.first.locator("ins")).to_have_text("阿拉坦")
    page.get_by_role("button", name="比较", exact=True).click()
    expect(page.locator(".comparison ins")).to_have_text("阿拉坦")
    screenshot(page, "history")
    page.set_viewport_size(PHONE)
    screenshot(page, "history-phone")
    page.get_by_role("button", name="历史").click()
    expect(versions).to_have_count(0)


def test_an_edit_that_is_discarded_leaves_the_entry_as_it_was(
    at_entry: Page, screenshot: Screenshot
) -> None:
    page = at_entry
    change_approver(page, "谁")
    page.set_viewport_size(PHONE)
    screenshot(page, "edit-phone")
    page.get_by_role("link", name="首页").click()
    expect(page.get_by_role("link", name="有修改草稿")).to_be_visible()
    page.get_by_role("link", name="有修改草稿").click()

    page.get_by_role("button", name="放弃修改").click()
    expect(page.get_by_role("dialog")).to_contain_text("这份填报保持原样")
    page.get_by_role("dialog").get_by_role("button", name="放弃修改").click()

    page.wait_for_url(re.compile("/entries/"))
    expect(page.get_by_role("button", name="修改")).to_be_visible()
    expect(page.get_by_text("谁", exact=True)).to_be_hidden()


def test_an_edit_without_a_change_makes_no_version(at_entry: Page) -> None:
    page = at_entry
    page.get_by_role("button", name="修改").click()
    page.get_by_role("button", name="完成修改").click()

    expect(page.get_by_text("没有任何改动")).to_be_visible()


def test_an_entry_is_taken_back_with_a_reason_only(at_entry: Page, screenshot: Screenshot) -> None:
    page = at_entry
    page.get_by_role("button", name="作废").click()
    dialog = page.get_by_role("dialog", name="作废这份填报")
    expect(dialog.get_by_label("作废原因")).to_be_focused()
    dialog.get_by_role("button", name="作废").click()
    expect(dialog.get_by_role("alert")).to_have_text("请填写作废原因。")
    screenshot(page, "void-asked")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="作废")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_label("作废原因").fill("重复填报")
    dialog.get_by_role("button", name="作废").click()

    expect(page.get_by_text("已作废。原因：重复填报")).to_be_visible()
    expect(page.get_by_role("button", name="修改")).to_be_hidden()
    screenshot(page, "void")
    page.get_by_role("link", name="返回首页").click()
    expect(page.locator(".line")).to_contain_text("已作废")


def newer_definition() -> bytes:
    """Return attachment 2 without its approver, and with a place that is required."""
    definition = json.loads(FORM.read_bytes())
    definition["settings"]["version"] = "2019061001"
    survey = [each for each in definition["survey"] if each["name"] != "approver"]
    place = {"type": "text", "name": "place", "label": {"zh-CN": "填报地点", "en": "Place"}}
    definition["survey"] = [*survey, {**place, "required": True}]
    return json.dumps(definition, ensure_ascii=False).encode()


def test_a_draft_moves_to_a_newer_version_after_a_look(
    page: Page, sample_home: Path, entry: str, serve: Serve, screenshot: Screenshot
) -> None:
    with open_services(sample_home) as services:
        services.editing.open(entry, "zh-CN")
        with services.db.transaction():
            services.definitions.add(newer_definition(), 9)
    page.goto(serve(sample_home).address)
    page.get_by_role("link", name="有修改草稿").click()

    expect(page.get_by_role("heading", name="这个表单有了新版本（2019061001）")).to_be_visible()
    expect(page.get_by_role("button", name="改用新版本")).to_be_hidden()
    page.get_by_text("看看有什么变化").click()
    expect(page.get_by_text("以下 1 项在新版本中没有了")).to_be_visible()
    told = page.locator(".upgrade-said")
    expect(told).to_contain_text("审批人：")
    expect(told).to_contain_text("填报地点")
    screenshot(page, "upgrade")
    page.set_viewport_size(PHONE)
    screenshot(page, "upgrade-phone")
    page.get_by_role("button", name="改用新版本").click()

    expect(page.get_by_label("填报地点")).to_be_visible()
    expect(page.get_by_label("审批人")).to_be_hidden()
    expect(page.get_by_role("heading", name=re.compile("新版本"))).to_be_hidden()

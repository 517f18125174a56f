"""What two devices changed differently: seen side by side on the page of the entry, and decided there."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from client.services import open_services

Serve = Callable[[Path], Any]
Screenshot = Callable[[Page, str], None]
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def contested(two_devices: Callable[[], Any]) -> tuple[Path, str]:
    """Let two devices change one entry; return the home of the first and the entry."""
    with two_devices() as world:
        first, second = (row["_row"] for row in world.rows())
        world.edit(
            world.own,
            {
                "approver": "甲",
                "contests": [
                    {"_row": first, "project": "甲工程"},
                    {"_row": second, "_delete": True},
                ],
            },
        )
        world.edit(
            world.other,
            {
                "approver": "乙",
                "reporter": "丁",
                "contests": [
                    {"_row": first, "project": "乙工程"},
                    {"_row": second, "content": "比安全"},
                ],
            },
        )
        world.sync()
        return world.home, world.entry


def place(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=re.compile(name))


def open_entry(page: Page, running: Any, entry: str) -> None:
    page.goto(running.address)
    expect(page.get_by_role("heading", name="需要填报")).to_be_visible()
    page.locator(f'a[href="/entries/{entry}"]').click()
    page.wait_for_url(re.compile(entry))
    expect(page.get_by_role("heading", name="有 3 处冲突，需要你决定")).to_be_visible()


def answers(home: Path, entry: str) -> dict[str, Any]:
    with open_services(home) as services:
        listed = services.entry(entry)
        assert listed["contested"] == []
        return listed["answers"]


def test_what_two_devices_say_is_decided_place_by_place(
    page: Page, contested: tuple[Path, str], serve: Serve, screenshot: Screenshot
) -> None:
    home, entry = contested
    running = serve(home)
    open_entry(page, running, entry)
    approver = place(page, "^审批人")

    place(page, "项目|工程").first.get_by_role("radio", name=re.compile("乙工程")).check()
    page.get_by_role("radio", name=re.compile("保留这一行")).check()
    expect(page.get_by_text("还有 1 处没有决定")).to_be_visible()
    approver.get_by_role("textbox", name="另填：审批人").fill("丙")
    expect(approver.get_by_role("radio", name="另填")).to_be_checked()
    expect(page.get_by_text("都决定好了")).to_be_visible()
    screenshot(page, "conflict-decided")
    page.set_viewport_size(PHONE)
    screenshot(page, "conflict-decided-phone")
    page.get_by_role("button", name="保存决定").click()

    expect(page.get_by_text("决定已保存在本机")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("处冲突"))).to_be_hidden()
    expect(page.locator("h1")).to_be_focused()
    screenshot(page, "conflict-saved-phone")
    running.stop()
    found = answers(home, entry)
    assert (found["approver"], found["reporter"]) == ("丙", "丁")
    assert found["contests"][0]["project"] == "乙工程"
    assert found["contests"][1]["content"] == "比安全"


def test_both_sides_stand_beside_one_another_and_nothing_is_chosen_beforehand(
    page: Page, contested: tuple[Path, str], serve: Serve, screenshot: Screenshot
) -> None:
    home, entry = contested
    running = serve(home)
    page.goto(running.address)
    expect(page.get_by_text("有冲突待决定（3 处）")).to_be_visible()
    screenshot(page, "home-conflict")
    page.set_viewport_size(PHONE)
    screenshot(page, "home-conflict-phone")
    page.set_viewport_size({"width": 1280, "height": 900})
    open_entry(page, running, entry)

    approver = place(page, "^审批人")
    expect(approver.get_by_role("radio")).to_have_count(3)
    expect(approver).to_contain_text("其木格，本机")
    expect(approver).to_contain_text("本单位同事，另一台设备")
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    page.get_by_role("button", name="保存决定").click()
    expect(page.get_by_text("请在这里选定一种").first).to_be_visible()
    screenshot(page, "conflict-asked")


def test_a_conflict_is_decided_with_the_keyboard_alone(
    page: Page, contested: tuple[Path, str], serve: Serve
) -> None:
    home, entry = contested
    running = serve(home)
    open_entry(page, running, entry)

    page.get_by_role("button", name="保存决定").press("Enter")
    for _ in range(3):
        expect(page.locator(":focus")).to_have_attribute("type", "radio")
        page.keyboard.press("Space")
        page.get_by_role("button", name="保存决定").press("Enter")

    expect(page.get_by_text("决定已保存在本机")).to_be_visible()


def test_an_edit_marks_at_its_question_what_is_contested(
    page: Page, contested: tuple[Path, str], serve: Serve, screenshot: Screenshot
) -> None:
    home, entry = contested
    running = serve(home)
    open_entry(page, running, entry)
    page.get_by_role("button", name="修改").click()

    expect(page.get_by_text("完成修改后，以这里填写的为准")).to_be_visible()
    expect(page.get_by_label("审批人")).to_have_accessible_description(
        re.compile("这里有冲突，两边分别是：(甲（.*；乙（|乙（.*；甲（)")
    )
    screenshot(page, "edit-contested")
    page.set_viewport_size(PHONE)
    screenshot(page, "edit-contested-phone")
    page.get_by_role("button", name="审批人").click()
    expect(page.get_by_label("审批人")).to_be_focused()
    with page.expect_response(re.compile("/answer$")):
        page.get_by_label("审批人").fill("戊")
    page.goto(page.url.replace("/fill/", "/entries/"))
    expect(page.get_by_text("请先完成或放弃它")).to_be_visible()
    page.get_by_role("button", name="继续修改").click()
    page.get_by_role("button", name="完成修改").click()
    page.get_by_role("button", name="以这里的为准").click()

    page.wait_for_url(re.compile("/entries/"))
    expect(page.get_by_text("戊")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("处冲突"))).to_be_hidden()


def test_an_edit_that_leaves_a_conflict_as_it_is_asks_before_it_decides(
    page: Page, contested: tuple[Path, str], serve: Serve, screenshot: Screenshot
) -> None:
    home, entry = contested
    running = serve(home)
    open_entry(page, running, entry)
    page.get_by_role("button", name="修改").click()

    page.get_by_role("button", name="完成修改").click()
    dialog = page.get_by_role("dialog", name=re.compile("处冲突没有在这里改过"))
    expect(dialog).to_be_visible()
    screenshot(page, "edit-undecided")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="完成修改")).to_be_enabled()
    page.get_by_role("button", name="完成修改").click()
    dialog.get_by_role("button", name="以这里的为准").click()

    page.wait_for_url(re.compile("/entries/"))
    expect(page.get_by_role("heading", name=re.compile("处冲突"))).to_be_hidden()

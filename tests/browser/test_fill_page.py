"""Filling in a form in the browser, with the client as a process of its own and no server at all."""

import re
import struct
import zlib
from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from client.services import open_services

Screenshot = Callable[[Page, str], None]
ATTACHMENT_1 = "填写: 全市重大项目"
ATTACHMENT_2 = "填写: 各旗区"
PROGRESS = "填写: 进展情况"
SAVED = "草稿已保存在本机"
PHONE = {"width": 360, "height": 740}


def open_form(page: Page, address: str, form: str) -> None:
    page.goto(address)
    page.get_by_role("button", name=form).click()
    expect(page.get_by_role("button", name="完成填报")).to_be_visible()


def cell(page: Page, question: str, row: int = 0) -> Locator:
    return page.locator(f'td[data-path$="/{question}"]').nth(row).locator("input, select, textarea")


def rows(page: Page) -> Locator:
    return page.locator("table.grid tbody")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: Page) -> Locator:
    return page.locator(":focus")


def fill_row(page: Page, row: int, words: str) -> None:
    cell(page, "project", row).fill(f"{words}工程")
    cell(page, "contest", row).fill(f"{words}竞赛")
    cell(page, "content", row).fill("比工程质量、比安全生产")
    cell(page, "starts", row).fill("2019-06-01")
    cell(page, "ends", row).fill("2020-05-31")
    cell(page, "category", row).select_option("major_works")
    expect(cell(page, "field", row)).to_be_visible()
    cell(page, "field", row).select_option("railway")


def tab_to(page: Page, name: str) -> None:
    """Go on with Tab until something of this name has the focus."""
    wanted = page.get_by_role("button", name=name)
    for _ in range(24):
        press(page, "Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{name} cannot be reached with Tab")


def type_row(page: Page) -> None:
    """Fill the row that has the focus in its first cell, as somebody does who knows sheets."""
    page.keyboard.type("呼和浩特至鄂尔多斯高速铁路")
    press(page, "Tab")
    page.keyboard.type("“安康杯”焊工技能竞赛")
    press(page, "ArrowRight")
    page.keyboard.type("比工程质量、比安全生产，全体参建职工参加")
    press(page, "Tab")
    page.keyboard.type("06012019")
    press(page, "Control+ArrowRight")
    page.keyboard.type("05312020")
    press(page, "Control+ArrowRight", "ArrowDown")
    expect(cell(page, "field")).to_be_visible()
    press(page, "ArrowRight", "ArrowDown", "ArrowDown")


def test_attachment_2_is_filled_with_the_keyboard_alone(
    page: Page, local_client, screenshot: Screenshot
) -> None:
    page.goto(local_client.address)
    expect(page.get_by_role("button", name=ATTACHMENT_2)).to_be_visible()
    tab_to(page, ATTACHMENT_2)
    press(page, "Enter")
    expect(rows(page)).to_have_count(1)
    screenshot(page, "fill-blank")

    tab_to(page, "第 1 行：移动、插入、删除")
    press(page, "Tab")
    type_row(page)
    press(page, "Enter")
    expect(cell(page, "project", 1)).to_be_focused()
    press(page, "Control+Delete")
    expect(rows(page)).to_have_count(1)
    tab_to(page, "添加一行")
    press(page, "Tab")
    page.keyboard.type("乌兰")
    expect(page.get_by_text("都填好了")).to_be_visible()
    screenshot(page, "fill-done")
    tab_to(page, "完成填报")
    press(page, "Enter")

    expect(page.get_by_text("已保存在本机", exact=True)).to_be_visible()
    expect(page.get_by_text("呼和浩特至鄂尔多斯高速铁路")).to_be_visible()
    expect(page.get_by_text("366")).to_be_visible()
    screenshot(page, "entry-saved")


def test_a_draft_is_left_and_taken_up_again(page: Page, local_client) -> None:
    open_form(page, local_client.address, ATTACHMENT_2)
    cell(page, "project").fill("甲工程")
    expect(page.get_by_text(SAVED)).to_be_visible()

    page.get_by_role("link", name="首页").click()
    expect(page.get_by_text("草稿", exact=True).first).to_be_visible()
    local_client.stop()
    local_client.start()
    page.reload()
    page.get_by_role("link", name="东胜区总工会").click()

    expect(cell(page, "project")).to_have_value("甲工程")


def test_what_is_wrong_is_said_in_its_place_and_in_the_list(
    page: Page, local_client, screenshot: Screenshot
) -> None:
    open_form(page, local_client.address, ATTACHMENT_2)
    fill_row(page, 0, "甲")
    cell(page, "ends").fill("2019-05-01")

    expect(cell(page, "ends")).to_have_attribute("aria-invalid", "true")
    expect(cell(page, "ends")).to_have_accessible_description(re.compile("止日不得早于起日"))
    expect(page.get_by_role("button", name=re.compile("还有 2 处"))).to_be_visible()
    page.get_by_role("button", name="完成填报").click()
    expect(page.get_by_role("heading", name="需要填写或改正")).to_be_focused()
    expect(page.locator(".wrong-list li")).to_have_count(2)
    screenshot(page, "fill-wrong")
    page.get_by_role("button", name="第 1 行 · 竞赛周期：止").click()
    expect(cell(page, "ends")).to_be_focused()


def test_what_is_merely_missing_is_said_after_the_person_was_there(
    page: Page, local_client
) -> None:
    open_form(page, local_client.address, ATTACHMENT_2)
    approver = page.get_by_label("审批人")

    expect(approver).not_to_have_attribute("aria-invalid", "true")
    approver.focus()
    press(page, "Tab")

    expect(approver).to_have_attribute("aria-invalid", "true")
    expect(approver).to_have_accessible_description(re.compile("必填"))


def test_a_soft_constraint_asks_for_a_reason_in_place(page: Page, local_client) -> None:
    open_form(page, local_client.address, ATTACHMENT_2)
    fill_row(page, 0, "甲")
    cell(page, "ends").fill("2021-05-31")
    page.get_by_label("审批人").fill("乌兰")
    reason = page.get_by_label("请说明原因")

    reason.fill("无误")
    expect(page.get_by_text("已说明原因")).to_be_hidden()
    reason.fill("工程延期，经市总工会同意")

    expect(page.get_by_text("已说明原因")).to_be_visible()
    expect(page.get_by_text("都填好了")).to_be_visible()


def test_a_choice_leads_to_the_next_list(page: Page, local_client) -> None:
    open_form(page, local_client.address, ATTACHMENT_2)
    expect(cell(page, "field")).to_be_hidden()

    cell(page, "category").select_option("skills")

    expect(cell(page, "field")).to_be_visible()
    expect(cell(page, "field").locator("option")).to_have_count(4)


def test_the_grid_is_gone_about_like_a_sheet(page: Page, local_client) -> None:
    open_form(page, local_client.address, ATTACHMENT_1)
    cell(page, "project").focus()
    page.keyboard.type("一")
    press(page, "Enter")
    expect(cell(page, "project", 1)).to_be_focused()
    page.keyboard.type("二")
    press(page, "ArrowUp")
    expect(cell(page, "project", 0)).to_be_focused()
    press(page, "ArrowRight")
    expect(cell(page, "contest", 0)).to_be_focused()
    press(page, "Shift+Tab", "Alt+ArrowDown")
    expect(cell(page, "project", 0)).to_have_value("二")
    expect(cell(page, "project", 1)).to_be_focused()
    press(page, "F2", "ArrowLeft")
    page.keyboard.type("第")
    expect(cell(page, "project", 1)).to_have_value("第一")
    press(page, "Alt+Enter")
    expect(cell(page, "project", 1)).to_have_value("第\n一")


def test_a_row_that_is_filled_in_is_not_removed_unasked(page: Page, local_client) -> None:
    open_form(page, local_client.address, ATTACHMENT_1)
    page.get_by_role("button", name="添加一行").click()
    expect(rows(page)).to_have_count(2)
    cell(page, "project", 1).fill("乙工程")
    expect(page.get_by_text(SAVED)).to_be_visible()

    page.get_by_role("button", name="第 2 行：移动、插入、删除").click()
    page.get_by_role("button", name="删除这一行").click()
    expect(page.get_by_role("dialog", name="第 2 行已有内容，确定删除？")).to_be_visible()
    press(page, "Escape")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="第 2 行：移动、插入、删除").click()
    page.get_by_role("button", name="删除这一行").click()
    page.get_by_role("button", name="删除这一行").click()

    expect(rows(page)).to_have_count(1)


def test_a_character_that_is_being_composed_is_neither_sent_nor_disturbed(
    page: Page, local_client
) -> None:
    open_form(page, local_client.address, ATTACHMENT_1)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url.rpartition("/")[2]))
    keyboard: CDPSession = page.context.new_cdp_session(page)
    approver = page.get_by_label("审批人")
    approver.focus()

    for text in ("w", "wu", "wu l", "wu la", "wu lan"):
        composed = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        keyboard.send("Input.imeSetComposition", composed)
    page.wait_for_timeout(600)  # longer than typing has to be quiet before it is sent
    assert "answer" not in sent
    expect(approver).to_have_value("wu lan")
    with page.expect_response(re.compile("answer$")) as answered:
        keyboard.send("Input.insertText", {"text": "乌兰"})

    expect(approver).to_have_value("乌兰")
    assert answered.value.request.post_data_json["value"] == "乌兰"


def test_the_second_tab_follows_the_first_and_both_may_write(page: Page, local_client) -> None:
    open_form(page, local_client.address, ATTACHMENT_1)
    second = page.context.new_page()
    second.goto(page.url)

    cell(page, "project").fill("甲工程")
    expect(cell(second, "project")).to_have_value("甲工程")
    second.get_by_role("button", name="添加一行").click()
    expect(rows(page)).to_have_count(2)
    cell(page, "contest").press_sequentially("竞赛一二三", delay=20)
    second.get_by_label("审批人").press_sequentially("乌兰", delay=20)

    expect(page.get_by_label("审批人")).to_have_value("乌兰")
    expect(cell(second, "contest")).to_have_value("竞赛一二三")


def test_a_draft_that_was_finished_in_another_tab_says_so(page: Page, local_client) -> None:
    open_form(page, local_client.address, ATTACHMENT_1)
    second = page.context.new_page()
    second.goto(page.url)
    expect(cell(second, "project")).to_be_visible()
    second.goto(local_client.address)
    second.get_by_role("button", name="删除: ").click()
    second.get_by_role("dialog").get_by_role("button", name="删除").click()

    expect(page.get_by_text("这份草稿已在别处完成或删除")).to_be_visible()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_page_that_is_left_open_goes_on_after_a_restart(
    page: Page, local_client, how: str
) -> None:
    open_form(page, local_client.address, ATTACHMENT_1)
    cell(page, "project").fill("甲工程")
    expect(page.get_by_text(SAVED)).to_be_visible()

    getattr(local_client, how)()
    cell(page, "contest").fill("断线时写的")
    expect(page.get_by_text("请勿关闭本页")).to_be_visible()
    local_client.start()

    expect(page.get_by_text(SAVED)).to_be_visible(timeout=20_000)
    expect(cell(page, "contest")).to_have_value("断线时写的")
    local_client.stop()
    with open_services(local_client.home) as services:
        [draft] = services.entries()
        [row] = services.entry(draft["entry"])["answers"]["contests"]
        assert (row["project"], row["contest"]) == ("甲工程", "断线时写的")


def test_the_language_is_changed_while_filling(
    page: Page, local_client, screenshot: Screenshot
) -> None:
    open_form(page, local_client.address, ATTACHMENT_2)
    cell(page, "project").fill("甲工程")

    page.get_by_label("语言").select_option("en")

    expect(page.get_by_role("button", name="Finish")).to_be_visible()
    expect(page.get_by_label("Approved by")).to_be_visible()
    expect(cell(page, "project")).to_have_value("甲工程")
    screenshot(page, "fill-english")


def test_photos_and_a_position_are_taken(page: Page, local_client, screenshot: Screenshot) -> None:
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 39.6087, "longitude": 109.7813, "accuracy": 12})
    open_form(page, local_client.address, PROGRESS)

    page.get_by_role("button", name="获取当前位置").click()
    page.get_by_role("button", name="添加一行").click()
    picture = {"name": "现场.png", "mimeType": "image/png", "buffer": png(60, 40)}
    page.locator('input[type="file"]').set_input_files([picture])
    page.get_by_label("参赛职工人数").fill("１２０")
    page.get_by_label("增效节支金额").fill("很多")

    expect(page.get_by_label("纬度")).to_have_value("39.6087")
    expect(page.get_by_text("精度约 12 米")).to_be_visible()
    expect(page.get_by_text("现场.png")).to_be_visible()
    expect(page.get_by_label("增效节支金额")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("合理化建议条数").focus()
    expect(page.get_by_label("参赛职工人数")).to_have_value("120")
    expect(page.get_by_label("增效节支金额")).to_have_value("很多")
    expect(page.locator("img.thumbnail")).to_have_js_property("naturalWidth", 60)
    screenshot(page, "fill-progress")


def test_a_file_that_is_no_photo_or_is_empty_is_told_at_the_question(
    page: Page, local_client
) -> None:
    open_form(page, local_client.address, PROGRESS)
    page.get_by_role("button", name="添加一行").click()
    chooser = page.locator('input[type="file"]')

    chooser.set_input_files(
        [{"name": "方案.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}]
    )
    expect(page.get_by_text("此处只接受图片").first).to_be_visible()

    chooser.set_input_files([{"name": "空.png", "mimeType": "image/png", "buffer": b""}])
    expect(page.get_by_text("文件是空的").first).to_be_visible()


def test_questions_come_and_go_with_the_answers(page: Page, local_client) -> None:
    open_form(page, local_client.address, PROGRESS)
    adopted = page.get_by_label("其中已采纳")
    expect(adopted).to_be_hidden()

    page.get_by_label("合理化建议条数").fill("10")
    adopted.fill("4")

    expect(page.get_by_label("采纳率")).to_have_text("40")
    page.get_by_label("合理化建议条数").fill("")
    expect(adopted).to_be_hidden()


@pytest.mark.parametrize("form", [ATTACHMENT_2, PROGRESS])
def test_a_phone_shows_all_of_it_without_scrolling_sideways(
    page: Page, local_client, screenshot: Screenshot, form: str
) -> None:
    page.set_viewport_size(PHONE)
    page.goto(local_client.address)
    expect(page.get_by_role("button", name=form)).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    screenshot(page, "phone-home")

    open_form(page, local_client.address, form)
    page.get_by_role("button", name="完成填报").click()
    expect(page.get_by_role("heading", name="需要填写或改正")).to_be_visible()
    press(page, "Escape")

    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    screenshot(page, "phone-fill-" + ("grid" if form == ATTACHMENT_2 else "fields"))


@pytest.mark.parametrize("form", [ATTACHMENT_2, PROGRESS])
@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 900}])
def test_everything_that_is_operated_has_a_name_and_is_large_enough(
    page: Page, local_client, form: str, viewport: dict[str, int]
) -> None:
    page.set_viewport_size(viewport)
    open_form(page, local_client.address, form)

    faults = page.evaluate(
        """() => [...document.querySelectorAll('input, select, textarea, button, a, output')]
          .filter((element) => element.checkVisibility() && !element.classList.contains('skip'))
          .flatMap((element) => {
            const box = (element.closest('label') ?? element).getBoundingClientRect();
            const isFile = element.type === 'file';
            const label = element.getAttribute('aria-label') || element.labels?.[0]?.textContent
              || document.getElementById(element.getAttribute('aria-labelledby'))?.textContent
              || (element.matches('button, a') && element.textContent);
            return [
              ...(label?.trim() ? [] : [`no name: ${element.outerHTML}`]),
              ...(isFile || (box.width >= 24 && box.height >= 24) ? [] : [`small: ${element.outerHTML}`]),
            ];
          })"""
    )

    assert faults == []


def png(width: int, height: int) -> bytes:
    """Return a picture."""
    lines = b"".join(b"\0" + bytes((40, 90, 140)) * width for _ in range(height))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    parts += [(b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )

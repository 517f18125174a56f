"""What the first page tells of entries that wait: where they are, why, how many; and the way out."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from client.services import open_services
from client.troubles import Troubles
from sync.times import format_time

Serve = Callable[[Path], Any]
Add = Callable[..., list[str]]
ROOT = Path(__file__).parents[2]
Screenshot = Callable[[Page, str], None]
PHONE = {"width": 360, "height": 740}
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_a_trouble_stays_until_it_is_dismissed_and_says_what_to_do(
    page: Page, sample_home: Path, add: Add, serve: Serve, screenshot: Screenshot
) -> None:
    with open_services(sample_home) as services:
        (entry,) = add(services)
        revision = services.entry(entry)["revision"]
        troubles = Troubles(services.db)
        troubles.note("held_back", revision, f"The entry {entry} is not handed over.", "", NOW)
        troubles.note("of_tomorrow", "", "Something new has happened.", "Do this.", NOW)
    running = serve(sample_home)
    page.goto(running.address)

    first = page.get_by_role("listitem").filter(has_text="有一份填报单独送不出去")
    expect(first).to_contain_text("程序会继续重试")
    expect(first.get_by_role("link", name="查看这份填报")).to_have_attribute(
        "href", f"/entries/{entry}"
    )
    expect(page.get_by_text("Something new has happened.")).to_be_visible()
    screenshot(page, "troubles")
    page.set_viewport_size(PHONE)
    screenshot(page, "troubles-phone")
    first.get_by_role("button", name="知道了").click()
    expect(first).to_be_hidden()
    expect(page.get_by_role("button", name="知道了")).to_be_focused()
    page.reload()
    expect(page.get_by_text("Do this.")).to_be_visible()
    expect(first).to_be_hidden()
    page.get_by_role("button", name="知道了").click()
    expect(page.get_by_role("heading", name="需要你知道")).to_be_hidden()


def test_of_many_entries_the_first_hundred_are_drawn_and_any_is_found(
    page: Page, sample_home: Path, add: Add, serve: Serve, screenshot: Screenshot
) -> None:
    with open_services(sample_home) as services:
        entries = add(services, count=105, rows=1)
        with services.db.transaction():
            services.db.write("UPDATE revision SET name = '寻找我' WHERE entry = ?", (entries[0],))
            services.db.write(
                "UPDATE revision SET state = 'quarantined', server_state = 'quarantined', "
                "violations = '[]' WHERE entry = ?",
                (entries[1],),
            )
            services.db.write(
                "UPDATE revision SET made_at = ? WHERE entry = ?",
                (format_time(datetime.now(UTC) - timedelta(days=8)), entries[0]),
            )
    running = serve(sample_home)
    page.goto(running.address)
    lines = page.locator(".lines .line-main")

    expect(lines).to_have_count(100)
    expect(page.get_by_text("显示 100 / 105 份")).to_be_visible()
    expect(page.get_by_text("有填报等待送达已超过 7 天")).to_be_visible()
    expect(page.get_by_text("104 份未送达")).to_contain_text("原因：服务器没有应答")
    page.get_by_role("button", name="更多").click()
    expect(lines).to_have_count(105)
    expect(lines.nth(100)).to_be_focused()
    page.get_by_role("button", name=re.compile("^需处理")).click()
    expect(lines).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("^需处理"))).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator(".line")).to_contain_text("已送达，需处理")
    page.get_by_role("button", name=re.compile("^全部")).click()
    page.get_by_role("searchbox", name="按名称查找").fill("寻找")
    expect(lines).to_have_count(1)
    expect(page.locator(".line")).to_contain_text("已等待超过 7 天")
    screenshot(page, "many")
    page.set_viewport_size(PHONE)
    screenshot(page, "many-phone")
    page.get_by_role("searchbox", name="按名称查找").fill("没有的")
    page.get_by_role("link", name="没有网络怎么办").click()
    expect(page.get_by_role("heading", name="没有网络？")).to_be_focused()


def test_what_waits_leaves_as_a_file_and_the_answer_brings_word_of_it(
    page: Page, tmp_path: Path, two_devices: Any, add: Add, serve: Serve, screenshot: Screenshot
) -> None:
    with two_devices() as world:
        (entry,) = add(world.own)
    running = serve(world.home)
    page.goto(running.address)
    line = page.get_by_role("listitem").filter(has=page.locator(f'a[href="/entries/{entry}"]'))
    expect(line).to_contain_text("已保存在本机")

    with page.expect_download() as download:
        page.get_by_role("button", name="导出未送达的内容").click()
    expect(page.get_by_text("已交给浏览器下载")).to_be_visible()
    bundle, answer = tmp_path / "out.tbb", tmp_path / "answer.tbb"
    download.value.save_as(bundle)
    words = (
        "-m",
        "server",
        "--data",
        str(world.data),
        "import",
        str(bundle),
        "--answer",
        str(answer),
    )
    subprocess.run([sys.executable, *words], check=True, capture_output=True, cwd=ROOT)
    page.get_by_label("导入服务器的回执文件").set_input_files(bundle)
    expect(page.get_by_text("这不是组织单位给的回执文件")).to_be_visible()
    page.get_by_label("导入服务器的回执文件").set_input_files(answer)

    expect(page.get_by_text("回执已导入：涉及 1 个版本，1 个已送达。")).to_be_visible()
    expect(line.locator(".state")).to_have_text("已送达")
    screenshot(page, "carried")


def test_a_nearly_full_disk_says_why_no_form_is_begun(page: Page, local_client) -> None:
    page.goto(local_client.address)
    refusal = {"code": "low_space", "message": texts()["problem.low_space"], "hint": ""}
    page.route("**/api/drafts", lambda route: route.fulfill(status=507, json=refusal))

    page.get_by_role("button", name="填写: 实施方案").click()

    expect(page.get_by_role("alert").filter(has_text="不能新开表单")).to_be_visible()


def texts() -> dict[str, str]:
    path = ROOT / "client" / "web" / "static" / "i18n" / "zh-CN.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found

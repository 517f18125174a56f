"""The page of one entry that waits for its files."""

import json
import subprocess
import sys

from playwright.sync_api import Page, expect

from client.services import open_services

PLAN = "forms/ordos-2019/implementation-plan.json"


def saved_plan(home) -> str:
    """Save a plan whose document the server has half of; return its entry."""
    words = ("-m", "client", "form", "example", PLAN, "--count", "1", "--seed", "1")
    printed = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
    (home / "plan.pdf").write_bytes(b"%PDF" + bytes(1_999_996))
    answers = json.loads(printed.stdout)
    answers["plan"]["document"] = "plan.pdf"
    with open_services(home) as services:
        entry = services.adder.add("implementation-plan", answers, home)["entry"]
        with services.db.transaction():
            services.db.write("UPDATE attachment SET offset_acknowledged = 1000000")
    return entry


def test_the_page_of_an_entry_tells_how_far_its_files_are(
    page: Page, local_client, screenshot
) -> None:
    local_client.stop()
    entry = saved_plan(local_client.home)
    local_client.start()
    page.goto(local_client.address)
    expect(page.get_by_role("heading", name="需要填报")).to_be_visible()

    page.goto(f"{page.url.partition('#')[0].rstrip('/')}/entries/{entry}")

    waiting = page.get_by_role("listitem").filter(has_text="plan.pdf")
    expect(waiting).to_contain_text("共 2.0 MB，已送达 50%")
    expect(waiting.get_by_role("progressbar")).to_have_attribute("value", "1000000")
    screenshot(page, "entry-files")

"""One answer in the browser, until the state is drawn again, in a form of 300 questions.

    python tests/benchmarks/answer.py

Every second question is calculated from the one before it; the time runs from leaving an answered
question until the calculated one shows its new value. Drives Debian's Chromium, headless.
"""

import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from stage import Stage, command, stage, start

QUESTIONS = 300
ANSWERS = 100
LIMIT_MS = 50
CHROMIUM = os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
FORM_ID = "long-form"

# Answers the questions one by one and returns the milliseconds of each.
ANSWER_ALL = """async (count) => {
  const field = (name) => document.querySelector(`.field[data-path="${name}"]`);
  const times = [];
  for (let index = 0; index < count; index += 1) {
    const input = field(`a${index}`).querySelector('input');
    const output = field(`b${index}`).querySelector('output');
    input.focus();
    input.value = String(index + 1);
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    const drawn = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (output.textContent === '—') return;
        observer.disconnect();
        resolve(performance.now());
      });
      observer.observe(output, { childList: true, characterData: true, subtree: true });
    });
    const began = performance.now();
    input.blur();
    times.push(await drawn - began);
  }
  return times;
}"""


def main() -> None:
    """Run the benchmark and print its figures."""
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as place:
        _publish(place)
        words = command("tianbao", "--home", str(place.folder / "home"), "fill", "--port", "0")
        client, address = start([*words, "--no-browser"])
        try:
            times = _answer(address)
        finally:
            client.terminate()
            client.wait()
    slow = statistics.quantiles(times, n=20)[-1]
    print(
        f"answer: {QUESTIONS} questions, median {statistics.median(times):.0f} ms, "
        f"p95 {slow:.0f} ms, {slow / LIMIT_MS:.2f} of the limit of {LIMIT_MS} ms"
    )


def _publish(place: Stage) -> None:
    form = place.folder / "long-form.json"
    form.write_text(json.dumps(_definition()))
    place.admin("publish", str(form))
    place.client("sync")


def _definition() -> dict[str, Any]:
    survey: list[dict[str, Any]] = []
    for index in range(QUESTIONS // 2):
        survey += [
            {
                "type": "integer",
                "name": f"a{index}",
                "label": f"Question {index}",
                "required": True,
                "constraint": ". > 0",
            },
            {
                "type": "integer",
                "name": f"b{index}",
                "label": f"Twice {index}",
                "calculation": f"${{a{index}}} * 2",
            },
        ]
    settings = {
        "form_id": FORM_ID,
        "version": "1",
        "form_title": "Long form",
        "default_language": "en",
    }
    return {"settings": settings, "survey": survey}


def _answer(address: str) -> list[float]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page: Page = browser.new_page()
        page.goto(address)
        page.locator("button", has_text="填写").or_(
            page.locator("button", has_text="Fill")
        ).first.wait_for()
        page.locator("article, li, section, div").filter(has_text="Long form").locator(
            "button"
        ).last.click()
        page.wait_for_selector('.field[data-path="b149"] output')
        times: list[float] = page.evaluate(ANSWER_ALL, ANSWERS)
        browser.close()
    return times


if __name__ == "__main__":
    main()

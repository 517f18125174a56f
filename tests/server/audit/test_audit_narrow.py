"""Auditors' pages on the narrow screen of a telephone, in a real browser."""

import pytest

WIDTH = 360
PAGES = (
    "/",
    "/audit",
    "/audit/attachment-2?_search=康巴什",
    "/audit/attachment-2-contests",
    "/audit/quarantine",
    "/audit/submissions-by-unit-and-form",
    "/audit/units-with-nothing-yet",
    "/audit?sql=select+*+from+entries",
    "/sign-in",
)
CUT = """() => [...document.querySelectorAll("h1, h2, h3, td, th")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0)
  .map((each) => each.textContent.trim())"""


@pytest.fixture
def telephone(browser, shown, signed_in):
    """Return a page on a telephone that is signed in."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 740}, is_mobile=True)
    context.add_cookies(
        [
            {"name": each.name, "value": each.value, "url": shown.address}
            for each in signed_in.cookies
        ]
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_telephone_and_nothing_is_cut(telephone, shown, path):
    answer = telephone.goto(f"{shown.address}/audit{path}")

    assert answer.status == 200
    assert telephone.evaluate("() => document.documentElement.scrollWidth") == WIDTH
    assert telephone.evaluate(CUT) == []


def test_the_rows_of_a_table_are_seen_on_a_telephone(telephone, shown, screenshot):
    telephone.goto(f"{shown.address}/audit/audit/attachment-2-contests")

    assert telephone.get_by_text("包西铁路改造", exact=True).first.is_visible()
    screenshot(telephone, "audit-telephone")

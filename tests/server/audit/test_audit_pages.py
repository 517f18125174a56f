"""What auditors see in Datasette, over real HTTP through the proxy."""

import json
from pathlib import Path
from typing import Any

import pytest

from server.audit.child import metadata_path
from server.audit.page_texts import TEXTS

FORMS = Path(__file__).parents[3] / "forms" / "ordos-2019"
METADATA = json.loads((Path(__file__).parents[3] / "datasette-metadata.json").read_bytes())
GENERAL = METADATA["databases"]["audit"]


def rows(site: Any, browser: Any, path: str) -> list[dict[str, Any]]:
    answer = site.get(path, browser)
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"] if "_shape" not in path else answer.json()


def test_the_home_page_is_titled_in_chinese_and_names_the_licence(shown, signed_in):
    page = shown.get("/", signed_in)

    assert page.status_code == 200
    assert "审计数据库" in page.text
    assert "内部资料" in page.text


def test_a_table_has_the_title_and_column_texts_of_its_definition(shown, signed_in):
    page = shown.get("/audit/attachment-2-contests", signed_in).text

    assert "竞赛项目 · " in page
    assert "重大项目、重点工程名称 · Major project or key works" in page
    assert "包西铁路改造" in page


def test_titles_stand_beside_the_names_of_tables(shown, signed_in):
    page = shown.get("/audit", signed_in).text

    assert '"units": "单位 · Units"' in page
    assert '"attachment-2": "各旗区（产业）重大项目' in page


def test_links_stay_below_the_proxy(shown, signed_in):
    page = shown.get("/audit/attachment-2", signed_in).text

    assert 'href="/audit/audit/attachment-2' in page
    assert 'href="/audit/-/static/app.css' in page
    assert shown.get("/-/static/app.css", signed_in).status_code == 200


def test_a_next_page_leads_back_to_the_same_server(shown, signed_in):
    answer = shown.get("/audit/attachment-2.json?_size=1", signed_in).json()

    assert answer["next_url"].startswith(f"{shown.address}/audit/audit/attachment-2.json?")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("铁路", ["包西铁路改造"]),
        ("供水", ["东胜区供水工程"]),
        ("道", ["康巴什道路"]),
        ("供水 工程", ["东胜区供水工程"]),
        ("水供", []),
        ("改造包西", []),
        ('" OR *', []),
    ],
)
def test_search_finds_chinese_words_of_any_length(shown, signed_in, typed, found):
    query = f"/audit/attachment-2-contests.json?_shape=array&_search={typed}"

    assert [row["project"] for row in rows(shown, signed_in, query)] == found


def test_search_works_on_submissions_too(shown, signed_in):
    query = "/audit/attachment-2.json?_shape=array&_search=康巴什"

    assert [row["_unit"] for row in rows(shown, signed_in, query)] == ["kangbashi"]


def test_facets_of_the_definition_are_counted(shown, signed_in):
    facets = shown.get("/audit/attachment-2-contests.json", signed_in).json()["facet_results"]

    assert facets["category-label"]["results"][0]["value"] == "重大工程建设竞赛"
    assert facets["category-label"]["results"][0]["count"] == 4


def test_an_auditor_may_ask_anything_in_sql(shown, signed_in):
    query = "/audit.json?_shape=array&sql=select+search_phrase('供水')+as+phrase"

    assert rows(shown, signed_in, query) == [{"phrase": '"供 水"'}]


def test_a_query_that_takes_too_long_is_cut_off(shown, signed_in):
    endless = (
        "with recursive c(x) as (select 1 union all select x%2B1 from c) select count(*) from c"
    )

    answer = shown.get(f"/audit.json?sql={endless}", signed_in)

    assert answer.status_code == 400
    assert "SQL Interrupted" in answer.text


def test_no_query_can_fill_the_memory_with_one_value(shown, signed_in):
    answer = shown.get("/audit.json?sql=select+hex(zeroblob(1000000000))", signed_in)

    assert answer.status_code == 400
    assert "too big" in answer.text


@pytest.mark.parametrize(
    "statement", ["delete from units", "attach 'x.db' as x", "pragma journal_mode=delete"]
)
def test_nothing_can_be_written(shown, signed_in, statement):
    assert shown.get(f"/audit.json?sql={statement}", signed_in).status_code == 400


def test_the_raw_file_is_not_handed_out(shown, signed_in):
    assert shown.get("/audit.db", signed_in).status_code == 403


def test_only_reading_goes_through(shown, signed_in):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = signed_in.request(method, f"{shown.address}/audit/audit/units")
        assert answer.status_code == 405


def test_a_query_that_nobody_quoted_is_answered(shown, signed_in):
    browser = as_wsgi(shown, signed_in)

    raw = {"QUERY_STRING": "_shape=array&_search=铁路".encode().decode("latin-1")}
    page = browser.get("/audit/audit/attachment-2-contests.json", environ_overrides=raw)

    assert [row["project"] for row in page.json] == ["包西铁路改造"]


def test_requests_that_fail_in_an_unknown_way_do_not_use_up_the_places(shown, signed_in):
    browser = as_wsgi(shown, signed_in)
    for _ in range(9):  # more than there are places
        odd = {"HTTP_ACCEPT": "no\nheader"}
        assert browser.get("/audit/audit/units", environ_overrides=odd).status_code == 500

    assert browser.get("/audit/audit/units").status_code == 200


def as_wsgi(site: Any, signed_in: Any) -> Any:
    """Return a signed-in browser that can send what the listener would not let through."""
    browser = site.app.test_client()
    for cookie in signed_in.cookies:
        browser.set_cookie(cookie.name, cookie.value)
    return browser


def test_pages_of_which_only_the_head_is_asked_do_not_use_up_the_places(shown, signed_in):
    for _ in range(12):
        head = signed_in.head(f"{shown.address}/audit/audit/units", timeout=30)
        assert head.status_code == 200


def test_pages_cannot_be_framed_or_sniffed(shown, signed_in):
    for path in ("/", "/audit/units", "/audit/units.json", "/sign-in"):
        headers = shown.get(path, signed_in).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in headers


@pytest.mark.parametrize("name", list(GENERAL["queries"]))
def test_ready_made_questions_have_titles_in_chinese_and_are_answered(shown, signed_in, name):
    page = shown.get(f"/audit/{name}", signed_in)

    assert page.status_code == 200
    assert GENERAL["queries"][name]["title"] in page.text
    assert "Error" not in shown.get(f"/audit/{name}.json?_shape=array", signed_in).text


def test_the_questions_answer_what_they_say(shown, signed_in):
    def ask(name: str) -> list[dict[str, Any]]:
        return rows(shown, signed_in, f"/audit/{name}.json?_shape=array")

    counts = {row["单位代码"]: row["份数"] for row in ask("submissions-by-unit-and-form")}
    missing = {(row["单位代码"], row["表单代码"]) for row in ask("units-with-nothing-yet")}
    assert counts == {"dongsheng": 1, "kangbashi": 1, "jungar": 1}
    assert [row["竞赛项目数"] for row in ask("contests-by-category")] == [4]
    assert [row["单位"] for row in ask("arrived-late")] == ["准格尔旗"]
    assert [row["违反的规则"] for row in ask("in-quarantine")] == [
        "与计算结果不符（contests[1]/days）"
    ]
    assert ("dalad", "attachment-2") in missing
    assert ("dongsheng", "attachment-2") not in missing
    assert ("ordos", "attachment-2") not in missing


def test_csv_opens_in_excel_and_holds_no_formula(shown, signed_in):
    answer = shown.get("/audit/attachment-2-contests.csv?_stream=on&_dl=1", signed_in)

    text = answer.content.decode("utf-8-sig")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert ",'=1+1," in text
    assert ",=1+1" not in text
    assert "包西铁路改造" in text


def test_csv_of_a_query_keeps_numbers_and_guards_texts(shown, signed_in):
    sql = "select -5 as a, '-5' as b, '@x' as c, '＝1' as d, '-1%2B2' as e"

    answer = shown.get(f"/audit.csv?sql={sql}", signed_in)

    assert answer.content.decode("utf-8-sig").splitlines() == ["a,b,c,d,e", "-5,-5,'@x,'＝1,'-1+2"]


def test_metadata_and_projection_tell_of_each_other(shown, signed_in):
    """Every table and column has a text, and nothing is told of what is not there."""
    told = shown.get("/-/metadata.json", signed_in).json()["databases"]["audit"]["tables"]
    tables = rows(
        shown,
        signed_in,
        "/audit.json?_shape=array&sql=select m.name as name, p.name as col from sqlite_master m"
        " join pragma_table_info(m.name) p where m.type in ('table', 'view')"
        " and m.name not like '%5C_%25' escape '%5C' and m.name not like '%25_fts%25'",
    )

    there: dict[str, set[str]] = {}
    for row in tables:
        there.setdefault(row["name"], set()).add(row["col"])
    visible = {name: table for name, table in told.items() if not table.get("hidden")}
    assert set(visible) == set(there)
    for name, table in visible.items():
        assert set(table["columns"]) == there[name], name
        assert all(table["columns"].values()), name
        assert table["title"], name
        assert set(table.get("facets", ())) <= there[name]
        assert set(table.get("units", ())) <= there[name]
        assert table.get("label_column", next(iter(there[name]))) in there[name]
        assert table.get("sort_desc", next(iter(there[name]))) in there[name]


def test_measures_are_shown_with_their_unit(shown, signed_in):
    told = shown.get("/-/metadata.json", signed_in).json()["databases"]["audit"]["tables"]

    assert told["progress-report"]["units"] == {"site-altitude": "m", "site-accuracy": "m"}
    assert told["implementation-plan"]["units"] == {"plan-document-size": "byte"}


def test_a_form_published_now_shows_without_a_restart(site):
    new = json.loads((FORMS / "attachment-1.json").read_bytes())
    new["settings"] |= {"form_id": "safety", "form_title": {"zh-CN": "安全检查表", "en": "Safety"}}
    assert site.child.wait_until_ready(60)
    with site.auditor() as browser:
        assert site.get("/audit/safety", browser).status_code == 404

        site.book.services.publish(json.dumps(new).encode())
        site.book.project()

        page = site.get("/audit/safety", browser)
        assert page.status_code == 200
        assert "安全检查表 · Safety" in page.text
        assert "safety-contests" in site.get("/audit", browser).text


def test_a_question_about_forms_that_a_campaign_has_not_is_not_offered(site_of, campaign_dir):
    site = site_of(campaign_dir)
    assert site.child.wait_until_ready(60)
    with site.auditor("city") as browser:
        offered = site.get("/audit", browser).text

        assert "contests-by-category" not in offered
        assert site.get("/audit/contests-by-category", browser).status_code == 404
        for name in set(GENERAL["queries"]) - {"contests-by-category"}:
            assert name in offered
            assert "Error" not in site.get(f"/audit/{name}.json?_shape=array", browser).text


def test_a_question_is_offered_once_its_forms_are_published(site_of, campaign_dir):
    site = site_of(campaign_dir)
    assert site.child.wait_until_ready(60)
    with site.auditor("city") as browser:
        for form in ("attachment-1", "attachment-2"):
            site.book.services.publish((FORMS / f"{form}.json").read_bytes())
        site.book.project()

        assert rows(site, browser, "/audit/contests-by-category.json?_shape=array") == []


def test_an_entry_shows_as_soon_as_it_is_projected(site, contests):
    assert site.child.wait_until_ready(60)
    with site.auditor() as browser:
        assert rows(site, browser, "/audit/attachment-2.json?_shape=array") == []

        entry = site.book.hand_in("attachment-2", contests("供水"))
        site.book.project()

        found = rows(site, browser, "/audit/attachment-2.json?_shape=array")
        assert [row["_entry"] for row in found] == [entry]


def test_the_table_of_members_says_whom_it_leaves_out():
    told = METADATA["databases"]["audit"]["tables"]["members"]["description"]

    assert "只查看审计页面的人员不在此列" in told
    assert "who only read the audit pages are not listed" in told


def test_the_metadata_file_is_found_in_the_sources():
    assert metadata_path().name == "datasette-metadata.json"
    assert json.loads(metadata_path().read_bytes())["title"] == METADATA["title"]


def test_both_languages_say_the_same_and_every_refusal_has_words():
    zh, en = TEXTS["zh-CN"], TEXTS["en"]

    assert set(zh) == set(en)
    assert {"code_used", "code_expired", "code_unknown", "bad_code"} <= set(zh)
    assert all(zh.values())
    assert all(en.values())


def test_a_title_cannot_break_out_of_the_script(site):
    definition = json.loads((FORMS / "attachment-1.json").read_bytes())
    title = "</script><script>alert(1)</script>"
    definition["settings"] |= {"form_id": "odd", "form_title": {"zh-CN": title, "en": "Odd"}}
    site.book.services.publish(json.dumps(definition).encode())
    site.book.project()
    assert site.child.wait_until_ready(60)

    with site.auditor() as browser:
        for path in ("/audit", "/audit/odd", "/"):
            assert "<script>alert" not in site.get(path, browser).text

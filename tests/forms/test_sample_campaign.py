"""The sample campaign: official names, both languages, and logic that works as people expect."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import forms
from forms.campaign import parse_campaign, parse_units
from forms.campaign_lint import check_campaign, check_forms
from forms.catalogue import load_form
from forms.definition import Question, walk
from forms.environment import Environment
from forms.example import Wish, examples
from forms.lint import check
from forms.session import Session
from forms.tables import shape
from forms.validation import check_answers

FOLDER = Path(forms.__file__).parent / "ordos-2019"
FORMS = ("attachment-1", "attachment-2", "implementation-plan", "progress-report")
NOW = datetime(2019, 5, 20, 9, 0, tzinfo=UTC)
CONTESTS = [
    {
        "name": "a" * 16,
        "label": "甲",
        "contest": "焊工竞赛",
        "project": "甲桥",
        "category": "major_works",
    },
    {
        "name": "b" * 16,
        "label": "乙",
        "contest": "节能竞赛",
        "project": "乙厂",
        "category": "energy_saving",
    },
    {
        "name": "c" * 16,
        "label": "丙",
        "contest": "技能竞赛",
        "project": "丙厂",
        "category": "skills",
    },
]


def content(form_id):
    return (FOLDER / f"{form_id}.json").read_bytes()


@pytest.fixture(scope="module")
def compiled():
    return {
        form_id: load_form(content(form_id), hashlib.sha256(content(form_id)).hexdigest())
        for form_id in FORMS
    }


@pytest.fixture
def start(compiled):
    rows = iter(range(10_000))
    environment = Environment(
        now=lambda: NOW,
        properties={"unit_name": "杭锦旗", "member_name": "示例填报人"},
        uuid=lambda: "00000000-0000-4000-8000-000000000000",
        row_id=lambda: f"{next(rows):016x}",
        own_entries=lambda _: CONTESTS,
    )
    return lambda form_id: Session.start(compiled[form_id], environment)


def states(session, language="zh-CN"):
    return {state.path: state for state in session.state(language).states}


def codes(session, path):
    return {each.code for each in session.violations() if each.path == path}


def answer(session, answers):
    for path, value in answers.items():
        session.answer(path, value)


@pytest.mark.parametrize("form_id", FORMS)
def test_nothing_is_found_in_a_form(form_id):
    assert check(content(form_id), "0" * 64) == []


def test_nothing_is_found_in_the_campaign(compiled):
    campaign = parse_campaign((FOLDER / "campaign.json").read_bytes())
    units = parse_units((FOLDER / "units.json").read_bytes())
    read = [each.form for each in compiled.values()]

    assert check_campaign(campaign, units, read) == []
    assert [check_forms(form, [each for each in read if each is not form]) for form in read] == [
        []
    ] * 4


def test_names_are_the_official_ones(compiled):
    campaign = parse_campaign((FOLDER / "campaign.json").read_bytes())

    assert campaign.organiser.name["zh-CN"] == "鄂尔多斯市总工会"
    assert compiled["attachment-1"].form.title["zh-CN"] == (
        "全市重大项目、重点工程劳动和技能竞赛项目统计表"
    )
    assert compiled["attachment-2"].form.title["zh-CN"] == (
        "各旗区（产业）重大项目、重点工程劳动和技能竞赛项目统计表"
    )


def test_the_nine_districts_and_banners_are_there():
    units = parse_units((FOLDER / "units.json").read_bytes())

    assert [unit.name for unit in units if unit.kind == "旗区"] == [
        "东胜区",
        "康巴什区",
        "达拉特旗",
        "准格尔旗",
        "鄂托克前旗",
        "鄂托克旗",
        "杭锦旗",
        "乌审旗",
        "伊金霍洛旗",
    ]


def test_the_columns_of_the_printed_tables_come_in_their_order(compiled):
    printed = ["序号", "重大项目、重点工程名称", "竞赛项目名称", "竞赛主要内容"]

    for form_id in ("attachment-1", "attachment-2"):
        rows = shape(compiled[form_id].form)[1]
        assert [column.label["zh-CN"] for column in rows.columns[:4]] == printed


@pytest.mark.parametrize("form_id", FORMS)
def test_every_text_stands_in_both_languages(form_id):
    def texts(value, key=""):
        if isinstance(value, dict) and ("zh-CN" in value or "en" in value):
            yield value
        elif isinstance(value, dict):
            assert not isinstance(value.get("label"), str)
            for name, member in value.items():
                yield from texts(member, name)
        elif isinstance(value, list):
            for member in value:
                yield from texts(member)

    assert all(set(text) == {"zh-CN", "en"} for text in texts(json.loads(content(form_id))))


@pytest.mark.parametrize("form_id", FORMS)
def test_examples_can_be_made(compiled, form_id):
    for answers in examples(compiled[form_id], Wish(seed=3, count=10, files=True), NOW):
        assert answers


def test_examples_of_reports_are_about_contests_that_there_are(compiled):
    found = list(
        examples(compiled["progress-report"], Wish(seed=1, count=30), NOW, lambda _: CONTESTS)
    )

    groups = {"a" * 16: "works", "b" * 16: "energy", "c" * 16: "practice"}
    assert {answers["about"]["contest"] for answers in found} == set(groups)
    assert all(groups[answers["about"]["contest"]] in answers for answers in found)


def over(started, given):
    """What was given, over what the form began with."""
    both = [key for key in given if isinstance(given[key], dict) and key in started]
    return {**started, **given, **{key: over(started[key], given[key]) for key in both}}


@pytest.mark.parametrize("form_id", ["attachment-1", "attachment-2", "progress-report"])
def test_what_an_example_becomes_on_a_device_is_accepted_by_the_server(compiled, form_id):
    device = Environment(
        now=lambda: NOW,
        properties={"unit_name": "杭锦旗", "member_name": "示例填报人"},
        uuid=lambda: "00000000-0000-4000-8000-000000000000",
        row_id=lambda: "f" * 16,
        own_entries=lambda _: (),
    )
    server = replace(device, trusts_own_entries=False)

    for example in examples(compiled[form_id], Wish(seed=4, count=20, rows=3), NOW):
        reasons = example.pop("_reasons", {})
        started = Session.start(compiled[form_id], device).answers()
        session = Session.resume(compiled[form_id], device, over(started, example), reasons)

        found = check_answers(
            compiled[form_id], server, session.final_answers(), session.final_reasons()
        )

        assert found == ()


def test_the_unit_is_filled_in_and_cannot_be_typed(start):
    for form_id, path in (("attachment-1", "unit_name"), ("implementation-plan", "head/unit_name")):
        state = states(start(form_id))[path]
        assert (state.value, state.read_only) == ("杭锦旗", True)


def test_a_register_starts_with_one_numbered_row_and_the_date_of_today(start):
    session = start("attachment-2")

    answers = session.answers()

    assert answers["filled_on"] == "2019-05-20"
    assert [row["number"] for row in answers["contests"]] == [1]
    assert answers["contest_count"] == 1


def test_rows_are_counted_and_numbered_anew(start):
    session = start("attachment-2")
    first = session.add_row("contests").added[0]
    session.add_row("contests")

    session.remove_row(first)

    assert [row["number"] for row in session.answers()["contests"]] == [1, 2]
    assert session.answers()["contest_count"] == 2


def test_the_period_gives_its_days_and_may_not_end_before_it_starts(start):
    session = start("attachment-2")
    [row] = states(session)["contests"].rows
    answer(
        session,
        {f"contests[{row}]/starts": "2019-06-01", f"contests[{row}]/ends": "2019-06-30"},
    )
    assert session.answers()["contests"][0]["days"] == 30

    session.answer(f"contests[{row}]/ends", "2019-05-01")

    assert codes(session, f"contests[{row}]/ends") == {"constraint"}
    assert "days" not in session.answers()["contests"][0]


def test_a_period_beyond_2020_asks_for_a_reason(start):
    session = start("attachment-2")
    [row] = states(session)["contests"].rows
    path = f"contests[{row}]/ends"
    answer(session, {f"contests[{row}]/starts": "2019-06-01", path: "2021-06-30"})
    assert codes(session, path) == {"soft_constraint"}

    session.give_reason(path, "工程跨年度实施，竞赛随工期顺延")

    assert codes(session, path) == set()


def test_the_field_follows_the_category(start):
    session = start("attachment-2")
    [row] = states(session)["contests"].rows
    field = f"contests[{row}]/field"
    assert not states(session)[field].relevant

    session.answer(f"contests[{row}]/category", "energy_saving")

    assert [label for _, label in states(session)[field].choices] == ["高耗能行业", "高排放行业"]


def test_one_person_as_reporter_and_approver_asks_for_a_reason(start):
    session = start("attachment-1")

    session.answer("approver", "示例填报人")

    assert codes(session, "approver") == {"soft_constraint"}


@pytest.mark.parametrize(
    ("phone", "accepted"),
    [("13900000000", True), ("0477-1234567", True), ("1234567", True), ("12345", False)],
)
def test_a_telephone_number_is_one(start, phone, accepted):
    session = start("implementation-plan")

    session.answer("contact/phone", phone)

    assert (codes(session, "contact/phone") == set()) is accepted


def test_the_plan_reminds_of_what_its_categories_are_about(start):
    session = start("implementation-plan")
    assert not states(session)["plan/major_works_note"].relevant

    session.answer("plan/categories", ["major_works"])

    assert states(session)["plan/major_works_note"].relevant
    assert not states(session)["plan/energy_saving_note"].relevant


@pytest.mark.parametrize(
    ("contest", "shown"),
    [
        ("a" * 16, "works/works_done"),
        ("b" * 16, "energy/energy_done"),
        ("c" * 16, "practice/measures"),
    ],
)
def test_a_report_asks_for_what_the_category_of_its_contest_is_measured_by(start, contest, shown):
    session = start("progress-report")

    session.answer("about/contest", contest)

    asked = {"works/works_done", "energy/energy_done", "practice/measures"}
    now = states(session)
    assert {path for path in asked if now[path].relevant} == {shown}


def test_a_report_takes_the_names_of_its_contest_along(start):
    session = start("progress-report")

    session.answer("about/contest", "a" * 16)

    about = session.answers()["about"]
    assert (about["contest_name"], about["project"]) == ("焊工竞赛", "甲桥")
    assert session.instance_name() == "焊工竞赛 2019-05-20"


def test_only_what_was_ticked_is_asked_for(start):
    session = start("progress-report")
    answer(session, {"about/contest": "a" * 16, "works/works_done": ["safety"]})

    now = states(session)

    assert now["works/works_safety"].required
    assert not now["works/works_quality"].relevant


def test_more_proposals_adopted_than_made_are_refused(start):
    session = start("progress-report")
    answer(session, {"figures/proposals": 8, "figures/adopted": 9})
    assert codes(session, "figures/adopted") == {"constraint"}

    session.answer("figures/adopted", 3)

    assert session.answers()["figures"]["adoption_rate"] == "37.5"


def test_at_most_nine_photos_are_taken(compiled):
    photos = next(
        node for node in walk(compiled["progress-report"].form.survey) if node.name == "photos"
    )

    assert photos.max_rows == 9
    assert not isinstance(photos, Question)

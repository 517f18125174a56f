import pytest

from forms.definition import OwnEntries
from forms.errors import ExpressionError

CHOICES = {
    "category": ["works", "skills"],
    "field": [
        {"name": "water", "label": {"en": "Water", "zh-CN": "水利"}, "category": "works"},
        {"name": "rail", "label": {"en": "Rail", "zh-CN": "铁路"}, "category": "works"},
        {
            "name": "trades",
            "label": {"en": "Trades", "zh-CN": "工种"},
            "category": "skills",
            "level": "2",
        },
    ],
}

FIELDS = """
    type              | name     | choice_filter         | calculation
    select_one category | category |                     |
    select_one field  | field    | category = ${category} |
    calculate         | label    |                       | LABEL
"""


def lookup(scenario, expression, **answers):
    table = FIELDS.replace("LABEL", expression)
    visit = scenario(table, choices=CHOICES, answers=answers)
    return visit.session.answers().get("label", "")


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("instance('field')/root/item[name = ${field}]/label", "Rail"),
        ("instance('field')/root/item[${field} = name]/label", "Rail"),
        ("instance('field')/root/item[name = current()/../field]/category", "works"),
        ("instance('field')/root/item[name = ../field]/label", None),
        ("instance('field')/root/item[2]/name", "rail"),
        ("instance('field')/root/item[position() = 3]/name", "trades"),
        ("join(',', instance('field')/root/item/name)", "water,rail,trades"),
        ("join(',', instance('field')/root/item[category = 'works']/name)", "water,rail"),
        (
            "join(',', instance('field')/root/item[category = 'works' and name != 'rail']/name)",
            "water",
        ),
        ("join(',', instance('field')/root/item[category = 'works'][2]/name)", "rail"),
        ("join(',', instance('field')/root/item[level > 1]/name)", "trades"),
        ("join(',', instance('field')/root/item[level = 2]/name)", "trades"),
        ("join(',', instance('field')/root/item[starts-with(name, 'r')]/name)", "rail"),
        ("join(',', instance('field')/root/item[./name = 'rail']/name)", "rail"),
        ("count(instance('field')/root/item)", "3"),
        ("count(instance('field')/root/item[category = ${category}])", "2"),
        ("count(instance('field')/root/item/level)", "1"),
        ("instance('field')/root/item[name = 'unknown']/label", ""),
        ("if(instance('field')/root/item[category = 'none'], 'some', 'none')", "none"),
        ("instance('field')/root/item[name = instance('field')/root/item[1]/name]/label", "Water"),
    ],
    ids=repr,
)
def test_a_list_is_read_like_an_instance(scenario, expression, result):
    if result is None:
        with pytest.raises(ExpressionError):
            lookup(scenario, expression, category="works", field="rail")
        return

    assert lookup(scenario, expression, category="works", field="rail") == result


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("instance('fields')/root/item/label", "unknown_instance"),
        ("instance('field')", "unsupported"),
        ("instance('field')/item/label", "unsupported"),
        ("instance('field')/root/item/label/x", "unsupported"),
        ("instance('field')/root/item/colour", "unknown_column"),
        ("instance('field')/root/item[colour = 1]/name", "unknown_column"),
        ("instance('field')/root/item[name/x = 1]/name", "unsupported"),
    ],
    ids=repr,
)
def test_a_path_that_no_list_has_is_refused(scenario, expression, code):
    with pytest.raises(ExpressionError) as refused:
        lookup(scenario, expression)

    assert refused.value.code == code


def test_a_choice_filter_leaves_what_it_is_true_of(scenario):
    visit = scenario(FIELDS.replace("LABEL", "''"), choices=CHOICES)
    assert visit.choices("field") == []

    change = visit.answer("category", "works")

    assert visit.choices("field") == ["water", "rail"]
    assert next(state.choices for state in change.states if state.path == "field") == (
        ("water", "Water"),
        ("rail", "Rail"),
    )


def test_a_choice_that_the_filter_leaves_out_breaks_a_rule(scenario):
    visit = scenario(
        FIELDS.replace("LABEL", "''"),
        choices=CHOICES,
        answers={"category": "works", "field": "rail"},
    )
    assert visit.broken("field") == []

    visit.answer("category", "skills")

    assert visit.broken("field") == ["choice"]


def test_choices_speak_the_language_of_the_page(scenario):
    visit = scenario(FIELDS.replace("LABEL", "''"), choices=CHOICES, answers={"category": "works"})

    states = visit.session.state("zh-CN").states

    assert next(state.choices for state in states if state.path == "field") == (
        ("water", "水利"),
        ("rail", "铁路"),
    )


def test_a_calculated_label_stays_in_the_default_language(scenario):
    visit = scenario(
        FIELDS.replace("LABEL", "instance('field')/root/item[name = ${field}]/label"),
        choices=CHOICES,
        answers={"category": "works", "field": "rail"},
    )

    visit.session.state("zh-CN")

    assert visit.value("label") == "Rail"


REPORT = """
    type                | name    | calculation
    select_one contests | contest |
    calculate           | project | instance('contests')/root/item[name = ${contest}]/project
"""
INSTANCES = {"contests": OwnEntries("contests", ("register",), "contests", ("project",))}
ROWS = [
    {"name": "c1", "label": "Road", "entry": "e1", "form": "register", "project": "Road"},
    {"name": "c2", "label": "Bridge", "entry": "e1", "form": "register", "project": "Bridge"},
]


def test_own_entries_are_choices_and_can_be_looked_up(scenario):
    visit = scenario(REPORT, instances=INSTANCES, world={"own_entries": lambda _name: ROWS})

    visit.answer("contest", "c2")

    assert visit.choices("contest") == ["c1", "c2"]
    assert visit.value("project") == "Bridge"


def test_new_own_entries_show_when_the_page_is_drawn_again(scenario):
    known = []
    visit = scenario(REPORT, instances=INSTANCES, world={"own_entries": lambda _name: list(known)})
    visit.answer("contest", "c2")
    assert visit.value("project") is None

    known.extend(ROWS)

    assert visit.choices("contest") == ["c1", "c2"]
    assert visit.value("project") == "Bridge"

import json
import re

import pytest

from server.app import create_app
from server.openapi import openapi_document
from server.web import openapi
from sync.frames import FrameKind
from sync.messages import ROLES, ItemState


@pytest.fixture(scope="module")
def document():
    return openapi_document()


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def resolve(document, reference):
    found = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_the_description_is_json_of_version_3_1(document):
    assert document["openapi"] == "3.1.0"
    assert json.loads(json.dumps(document)) == document


def test_every_route_of_the_interface_is_described_and_no_other(document, services):
    app = create_app(services, [openapi.bp])
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "pages.static" and rule.rule != "/"
    }

    assert {(path, method) for path, method, _ in operations(document)} == routes


def test_every_reference_leads_somewhere(document):
    found = set(references(document))

    assert found
    for reference in found:
        assert resolve(document, reference)


def test_every_operation_has_a_summary_and_an_answer_of_success(document):
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)
        assert "200" in operation["responses"], (path, method)


def test_every_variable_of_a_path_is_described(document):
    for path, _, operation in operations(document):
        listed = operation.get("parameters", [])
        described = {one["name"] for one in listed if one.get("in") == "path"}
        assert set(re.findall(r"\{(\w+)\}", path)) == described


def test_whatever_an_enrolled_device_asks_is_signed(document):
    for path, method, operation in operations(document):
        if path.startswith("/v1/") and path != "/v1/enrol":
            assert operation["security"] == [{"device": []}], (path, method)
            assert "401" in operation["responses"], (path, method)


def test_the_frames_of_a_push_and_of_its_answer_are_listed(document):
    push = document["paths"]["/v1/push"]["post"]
    frames = "application/vnd.tianbao.frames"

    sent = push["requestBody"]["content"][frames]["schema"]["x-tianbao-frames"]
    answered = push["responses"]["200"]["content"][frames]["schema"]["x-tianbao-frames"]

    assert [frame["kind"] for frame in sent] == [FrameKind.REVISION]
    assert [frame["kind"] for frame in answered] == [FrameKind.ANSWER]
    assert answered[0]["payload"] == {"$ref": "#/components/schemas/PushAnswer"}


def test_the_framing_itself_is_explained(document):
    text = document["info"]["description"]

    for kind in FrameKind:
        assert f"0x{kind.value:02x} {kind.name.lower()}" in text
    assert "TBF1" in text


def test_messages_have_the_shape_their_schemas_give_them(document):
    schemas = document["components"]["schemas"]

    assert schemas["PushAnswer"]["properties"]["type"]["const"] == "push_answer"
    assert schemas["PushAnswer"]["additionalProperties"] is False
    assert schemas["PushAnswer"]["properties"]["time"]["format"] == "date-time"
    assert schemas["ItemResult"]["properties"]["state"]["enum"] == [one.value for one in ItemState]
    assert schemas["EnrolAnswer"]["properties"]["role"]["enum"] == list(ROLES)
    assert schemas["ProblemAnswer"]["properties"]["retry_after"]["type"] == ["integer", "null"]


def test_every_pattern_is_one_that_json_schema_knows(document):
    patterns = re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', json.dumps(document))

    assert patterns
    for pattern in map(json.loads, patterns):
        assert pattern.startswith("^")
        assert pattern.endswith("$")
        assert re.compile(pattern)

"""Data folders, definitions, campaign and units, and the server's few pages."""

import json
import re

import pytest
import requests

from forms.errors import DefinitionError
from server.config import DataFolder
from server.errors import ConflictError, UnknownError
from server.founding import init_data
from server.services import open_services
from server.web.pages import LANGUAGES, load_texts
from sync.digest import digest_of
from sync.messages import ItemState


def edited(content: bytes, **settings: str) -> bytes:
    value = json.loads(content)
    value["settings"].update(settings)
    return json.dumps(value).encode()


def test_a_new_folder_holds_units_campaign_and_forms(services):
    with services.readers.read() as connection:
        kinds = [row[0] for row in connection.execute("SELECT kind FROM leaf ORDER BY idx")]
        units = [row[0] for row in connection.execute("SELECT code FROM unit ORDER BY code")]

    assert kinds == ["units", "campaign", "form"]
    assert units == ["city", "north", "south"]
    assert services.log.startswith("visits/")


def test_a_server_that_has_closed_leaves_the_log_in_one_file(folder):
    with open_services(folder) as services:
        services.members()
        services.invite("north", "reporter")

    assert [path.name for path in folder.path.glob("log.db*")] == ["log.db"]


def test_a_folder_is_founded_once(folder, campaign_dir):
    with pytest.raises(ConflictError):
        init_data(folder, campaign_dir)


def test_a_campaign_whose_form_does_not_compile_is_refused(tmp_path, campaign_dir):
    form = json.loads((campaign_dir / "visit.json").read_bytes())
    form["survey"][0]["relevant"] = "${nothing} = 1"
    (campaign_dir / "visit.json").write_text(json.dumps(form), "utf-8")

    with pytest.raises(DefinitionError):
        init_data(DataFolder(tmp_path / "new"), campaign_dir)


@pytest.mark.parametrize("name", ["campaign.json", "units.json"])
def test_a_campaign_without_a_file_is_refused(tmp_path, campaign_dir, name):
    (campaign_dir / name).unlink()

    with pytest.raises(UnknownError):
        init_data(DataFolder(tmp_path / "new"), campaign_dir)


def test_a_founding_that_failed_is_done_again_from_the_start(tmp_path, campaign_dir, clock):
    folder = DataFolder(tmp_path / "new")
    good = (campaign_dir / "visit.json").read_bytes()
    (campaign_dir / "visit.json").write_bytes(b"{}")
    with pytest.raises(DefinitionError):
        init_data(folder, campaign_dir, clock=clock)
    (campaign_dir / "visit.json").write_bytes(good)

    init_data(folder, campaign_dir, clock=clock)

    with open_services(folder, clock) as services:
        assert services.invite("north", "reporter").code


def test_the_same_definition_is_published_once(services, campaign_dir):
    content = (campaign_dir / "visit.json").read_bytes()

    assert services.publish(content) == services.publish(content)


def test_a_version_names_one_definition_for_good(services, campaign_dir):
    content = (campaign_dir / "visit.json").read_bytes()

    with pytest.raises(ConflictError) as caught:
        services.publish(content + b"\n")

    assert caught.value.code == "version_exists"


def test_old_versions_are_still_taken(services, campaign_dir, device):
    content = (campaign_dir / "visit.json").read_bytes()
    published = services.publish(edited(content, version="2"))

    old = device.frame()
    new = device.frame(device.revision(definition=published.digest))
    results = services.ingest.push([old, new]).results

    assert [result.state for result in results] == [ItemState.LOGGED] * 2


@pytest.mark.parametrize("content", [b"", b"{}", b"\xef\xbb\xbf{}", "中".encode("gbk"), b"[" * 99])
def test_what_is_no_definition_is_refused(services, content):
    with pytest.raises(DefinitionError):
        services.publish(content)


def test_a_form_whose_tables_would_clash_is_refused(services, campaign_dir):
    content = (campaign_dir / "visit.json").read_bytes()

    for taken in ("units", "VISIT"):
        with pytest.raises(DefinitionError) as caught:
            services.publish(edited(content, form_id=taken))
        assert caught.value.code == "duplicate_name"


def test_a_definition_with_a_cycle_is_refused(services):
    cyclic = {
        "settings": {
            "form_id": "cycle",
            "version": "1",
            "form_title": {"en": "Cycle"},
            "default_language": "en",
        },
        "survey": [
            {"type": "calculate", "name": "a", "calculation": "${b} + 1"},
            {"type": "calculate", "name": "b", "calculation": "${a} + 1"},
        ],
    }

    with pytest.raises(DefinitionError):
        services.publish(json.dumps(cyclic).encode())


def test_a_held_revision_that_breaks_the_rules_is_quarantined_once_they_are_known(
    services, campaign_dir, device
):
    content = edited((campaign_dir / "visit.json").read_bytes(), version="2")
    from_later = device.revision({"title": ""}, definition=digest_of(content))
    (held,) = services.ingest.push([device.frame(from_later)]).results

    services.publish(content)

    (kept,) = services.quarantine()
    assert held.state is ItemState.HELD
    assert (kept.digest, kept.index, kept.code) == (held.digest, held.index, "rules")


def test_what_was_held_before_its_device_was_revoked_is_decided_as_if_it_were_not(
    services, campaign_dir, device
):
    content = edited((campaign_dir / "visit.json").read_bytes(), version="2")
    frame = device.frame(device.revision(definition=digest_of(content)))
    services.ingest.push([frame])
    services.revoke(device.key.id)

    services.publish(content)

    assert services.ingest.push([frame]).results[0].state is ItemState.LOGGED


def test_a_unit_in_use_cannot_be_left_out(services, device, campaign_dir):
    units = json.loads((campaign_dir / "units.json").read_bytes())

    with pytest.raises(ConflictError) as caught:
        services.import_units(json.dumps(units[:1]).encode())

    assert caught.value.code == "unit_in_use"
    assert services.import_units(json.dumps(units[:2]).encode())


def test_new_units_and_names_count_at_once(services, device, campaign_dir):
    units = json.loads((campaign_dir / "units.json").read_bytes())
    units[1]["name"] = "新北旗"
    units.append({"code": "east", "name": "东旗", "kind": "旗区", "parent": "city"})

    index = services.import_units(json.dumps(units).encode())

    assert services.import_units(json.dumps(units).encode()) == index
    assert services.invite("east", "reporter").unit == "east"
    assert services.directory.device(device.key.id).unit_name == "新北旗"


def test_the_pages_say_in_both_languages_what_this_is(http):
    for path in ("/", "/join"):
        page = requests.get(http.url + path, timeout=10)

        assert page.status_code == 200
        assert 'lang="zh-CN"' in page.text
        assert 'lang="en"' in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert not re.search(r"<script>|style=|onclick", page.text)


def test_the_page_to_join_names_this_servers_address(http, services):
    services.set_address("https://forms.example")

    assert (
        "tianbao enrol https://forms.example" in requests.get(http.url + "/join", timeout=10).text
    )
    assert requests.get(http.url + "/static/join.js", timeout=10).status_code == 200


def test_health_is_told_and_other_paths_are_not_found(http):
    assert requests.get(http.url + "/healthz", timeout=10).text == "ok\n"
    assert requests.get(http.url + "/nothing", timeout=10).status_code == 404


def test_both_languages_have_the_same_texts():
    chinese, english = (load_texts(language) for language in LANGUAGES)

    assert chinese.keys() == english.keys()

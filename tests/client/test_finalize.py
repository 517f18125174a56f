"""Finalizing: what *saved* means, and what is not saved."""

import io
from datetime import UTC, datetime

import pytest

from client.errors import (
    EnrolmentError,
    InputError,
    NotFoundError,
    StorageError,
    StorageFullError,
)
from client.services import open_services
from forms.environment import Environment
from forms.validation import check_answers
from sync.digest import digest_of
from sync.keys import REVISION_TYPE, verify
from sync.revision import parse_revision


def fill(services, **answers):
    draft = services.filling.open_blank("visit", "zh-CN")
    for name, value in {"title": "第一次", **answers}.items():
        services.filling.answer(draft, name, value, "zh-CN")
    return draft


def revision_of(services, saved):
    return services.replica.revision(saved["revision"])


def states(services):
    return {entry["entry"]: entry["state"] for entry in services.entries()}


def test_a_finalized_draft_is_a_saved_entry(services):
    draft = fill(services, people=3)

    saved = services.finalize(draft)

    assert saved["entry"] == draft
    assert saved["state"] == "saved"
    assert states(services) == {draft: "saved"}
    assert services.status()["drafts"] == 0


def test_a_revision_is_signed_by_the_device_and_named_by_its_bytes(services):
    saved = services.finalize(fill(services))

    row = services.db.row("SELECT content, signature FROM revision")
    verify(services.device.key.public, REVISION_TYPE, row["content"], row["signature"])
    assert digest_of(row["content"]) == saved["revision"]
    assert parse_revision(row["content"]).author == "m1"


def test_the_unit_is_the_members_and_calculations_are_computed(services):
    draft = fill(services)
    row = services.filling.add_row(draft, "rows", "zh-CN")["added"][0]
    services.filling.answer(draft, f"{row}/what", "沙子", "zh-CN")

    answers = revision_of(services, services.finalize(draft)).answers

    assert answers["unit_name"] == "北旗总工会"
    assert answers["total"] == 1
    assert answers["rows"][0]["number"] == 1


def test_what_is_not_relevant_is_dropped(services):
    draft = fill(services, kind="b", more="说明")
    services.filling.answer(draft, "kind", "a", "zh-CN")

    assert "more" not in revision_of(services, services.finalize(draft)).answers


def test_the_servers_own_check_finds_nothing(services):
    revision = revision_of(services, services.finalize(fill(services, people=3)))
    compiled = services.definitions.compiled(revision.definition)
    environment = Environment(
        now=lambda: revision.made_at.local,
        properties=services.profile.properties,
        uuid=lambda: "",
        row_id=lambda: "",
        own_entries=lambda _: [],
        trusts_own_entries=False,
    )

    assert check_answers(compiled, environment, revision.answers, revision.reasons) == ()


def test_a_broken_rule_keeps_the_draft_and_tells_where(services):
    draft = fill(services, title=None, people=-1)

    outcome = services.finalize(draft)

    assert {(each["path"], each["code"]) for each in outcome["violations"]} == {
        ("title", "required"),
        ("people", "constraint"),
    }
    assert states(services) == {draft: "draft"}


def test_a_soft_constraint_wants_a_reason(services):
    draft = fill(services, people=5000)
    assert services.finalize(draft)["violations"][0]["code"] == "soft_constraint"

    services.filling.give_reason(draft, "people", "全市大会，已核对签到表", "zh-CN")

    revision = revision_of(services, services.finalize(draft))
    assert revision.reasons == {"people": "全市大会，已核对签到表"}


def test_finalizing_twice_makes_one_entry(services):
    draft = fill(services)

    first, second = services.finalize(draft), services.finalize(draft)

    assert first == second
    assert len(services.entries()) == 1


def test_a_draft_that_never_was_cannot_be_finalized(services):
    with pytest.raises(NotFoundError):
        services.finalize("0" * 36)


def test_without_enrolment_no_form_is_opened(blank):
    with pytest.raises(EnrolmentError):
        blank.filling.open_blank("visit")


def test_an_attached_file_is_named_by_the_revision(services):
    draft = fill(services)
    services.filling.attach(draft, "paper", io.BytesIO(b"%PDF-1.4"), "方案.pdf", "application/pdf")

    revision = revision_of(services, services.finalize(draft))

    assert revision.answers["paper"]["name"] == "方案.pdf"
    assert [file.size for file in revision.attachments] == [8]
    assert services.blob(revision.attachments[0].sha256).read_bytes() == b"%PDF-1.4"


def test_an_attached_file_that_was_damaged_since_is_not_called_saved(services):
    draft = fill(services)
    services.filling.attach(draft, "paper", io.BytesIO(b"%PDF-1.4"), "方案.pdf", "application/pdf")
    next(services.home.blobs.iterdir()).write_bytes(b"%PDF-1.5")

    outcome = services.finalize(draft)

    assert [(each["path"], each["code"]) for each in outcome["violations"]] == [("paper", "file")]


def test_a_file_that_was_never_attached_is_not_called_saved(services):
    ghost = {"name": "x.pdf", "type": "application/pdf", "size": 3, "sha256": "0" * 64}
    draft = fill(services, paper=ghost)

    assert [each["code"] for each in services.finalize(draft)["violations"]] == ["file"]


def test_half_a_character_is_a_violation_and_no_crash(services):
    draft = fill(services, title="\ud83d")

    outcome = services.finalize(draft)

    assert outcome["violations"]
    assert states(services) == {draft: "draft"}


def test_an_entry_beyond_a_mebibyte_is_a_violation(services):
    draft = fill(services, title="长" * 400_000)

    codes = {each["code"] for each in services.finalize(draft)["violations"]}

    assert codes & {"too_large", "too_big"}


def test_a_clock_of_1970_saves_all_the_same(services, hands):
    hands.now = datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC).astimezone()

    saved = services.finalize(fill(services))

    revision = revision_of(services, saved)
    assert revision.made_at.wall.year == 1970
    assert revision.answers["on"] == f"{hands.now:%Y-%m-%d}"


def test_a_full_disk_keeps_the_draft_and_goes_on_when_there_is_room(services):
    saved = services.finalize(fill(services))
    draft = fill(services, title="长" * 50_000)
    services.filling.save_changed()
    pages = services.db.row("PRAGMA page_count")[0]
    services.db.row(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StorageFullError):
        services.finalize(draft)

    assert states(services) == {saved["entry"]: "saved", draft: "draft"}
    services.db.row("PRAGMA max_page_count = 100000")
    assert services.finalize(draft)["state"] == "saved"


def test_what_does_not_read_back_is_not_called_saved(services):
    draft = fill(services)
    with services.db.transaction():
        services.db.write(
            "CREATE TEMP TRIGGER rot AFTER INSERT ON main.revision BEGIN "
            "UPDATE revision SET content = x'00' WHERE id = new.id; END"
        )

    with pytest.raises(StorageError, match="nothing of it was saved"):
        services.finalize(draft)

    with services.db.transaction():
        services.db.write("DROP TRIGGER rot")
    services.filling.save_changed()
    assert states(services) == {draft: "draft"}
    assert services.finalize(draft)["state"] == "saved"


def test_a_saved_entry_is_there_after_a_restart(enrolled_home):
    with open_services(enrolled_home) as services:
        saved = services.finalize(fill(services))

    with open_services(enrolled_home) as services:
        assert services.entry(saved["entry"])["state"] == "saved"
        assert services.entry(saved["entry"])["answers"]["title"] == "第一次"


def revisions_of(services, entry):
    rows = services.db.rows("SELECT digest FROM revision WHERE entry = ? ORDER BY id", (entry,))
    return [services.replica.revision(row["digest"]) for row in rows]


def edit(services, entry, parents, title):
    """Open an entry again by what the draft keeps, and fill it otherwise."""
    first = services.db.row("SELECT definition FROM revision WHERE entry = ?", (entry,))
    instance = services.opener.resume(
        entry, first["definition"], {"title": title}, {}, language="zh-CN"
    )
    instance.parents = parents
    return instance


def test_an_edit_follows_the_revisions_it_was_made_from(services):
    saved = services.finalize(fill(services))
    finalizer = services.filling._finalizer

    outcome = finalizer.finalize(edit(services, saved["entry"], (saved["revision"],), "第二次"))

    assert outcome["state"] == "saved"
    assert revision_of(services, outcome).parents == (saved["revision"],)
    assert services.entry(saved["entry"])["answers"]["title"] == "第二次"


def test_finalizing_an_edit_twice_makes_one_revision(services):
    saved = services.finalize(fill(services))
    finalizer = services.filling._finalizer
    instance = edit(services, saved["entry"], (saved["revision"],), "第二次")

    first, second = finalizer.finalize(instance), finalizer.finalize(instance)

    assert first == second
    assert len(revisions_of(services, saved["entry"])) == 2


def test_an_entry_is_taken_back_with_a_reason_and_stays(services):
    saved = services.finalize(fill(services))
    row = services.db.row("SELECT form, definition FROM revision")
    finalizer = services.filling._finalizer

    asked = (saved["entry"], row["form"], row["definition"], (saved["revision"],), " 重复填报 ")
    outcome = finalizer.void(*asked)

    void = revision_of(services, outcome)
    assert (void.operation, void.reason, void.answers) == ("void", "重复填报", {})
    assert void.parents == (saved["revision"],)
    assert finalizer.void(*asked) == outcome
    assert len(revisions_of(services, saved["entry"])) == 2


@pytest.mark.parametrize("reason", ["", "  ", "长" * 2001, "\ud83d"])
def test_an_entry_is_not_taken_back_without_a_reason(services, reason):
    saved = services.finalize(fill(services))
    row = services.db.row("SELECT form, definition FROM revision")

    with pytest.raises(InputError):
        services.filling._finalizer.void(
            saved["entry"], row["form"], row["definition"], (saved["revision"],), reason
        )

    assert len(revisions_of(services, saved["entry"])) == 1

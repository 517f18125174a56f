"""Finalizing: what *saved* means, and what is not saved."""


def fill(services, **answers):
    draft = services.filling.open_blank("visit", "zh-CN")
    for name, value in {"title": "第一次", **answers}.items():
        services.filling.answer(draft, name, value, "zh-CN")
    return draft


def test_a_finalized_draft_is_a_signed_revision_in_the_outbox(services):
    draft = fill(services, people=3)

    saved = services.finalize(draft)

    assert saved["entry"] == draft
    assert saved["state"] == "saved"
    revision = services.replica.revision(saved["revision"])
    assert revision.answers["title"] == "第一次"
    assert revision.answers["unit_name"] == "北旗总工会"

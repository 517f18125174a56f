"""What a device is told: its own unit's changes, in order, page by page, nothing twice."""

from sync.digest import digest_of
from sync.frames import FrameKind
from sync.known import format_known, known_of
from sync.messages import ChangesAnswer, ItemState


def everything(http, device, limit=200):
    """Return all items and frames from the log's beginning on, page by page."""
    items, frames, after = [], [], 0
    while True:
        reply = http.pull(device, after, limit)
        answer = reply.answer
        assert isinstance(answer, ChangesAnswer)
        assert all(after <= item.index < answer.next for item in answer.items)
        items += answer.items
        frames += reply.frames
        if answer.next == answer.log_size:
            return items, frames
        assert answer.next > after
        after = answer.next


def changes_from(after, leaf):
    return f"/v1/changes?after={after}&leaf={leaf.removeprefix('sha256:')}"


def test_the_first_page_brings_units_campaign_and_forms(http, device, campaign_dir):
    items, frames = everything(http, device)

    assert [item.kind for item in items] == ["units", "campaign", "form"]
    assert [frame.kind for frame in frames] == [
        FrameKind.UNITS,
        FrameKind.CAMPAIGN,
        FrameKind.DEFINITION,
    ]
    assert [frame.payload for frame in frames] == [
        (campaign_dir / name).read_bytes() for name in ("units.json", "campaign.json", "visit.json")
    ]


def test_a_device_is_told_what_became_of_its_own_without_the_bytes(http, device):
    frame = device.frame()
    result = http.push(device, frame).answer.results[0]

    items, frames = everything(http, device)

    assert (items[-1].kind, items[-1].digest) == ("revision", frame.digest)
    assert items[-1].result == result
    assert not items[-1].has_content
    assert all(item.kind is not FrameKind.REVISION for item in frames)


def test_a_colleague_gets_the_bytes_and_the_signature(http, device, enrolled):
    frame = device.frame()
    http.push(device, frame)

    items, frames = everything(http, enrolled("colleague"))

    assert items[-1].has_content
    assert frames[-1] == frame


def test_another_unit_is_told_nothing_of_it(http, device, enrolled):
    http.push(device, device.frame())

    items, _ = everything(http, enrolled("other", unit="south"))

    assert "revision" not in {item.kind for item in items}


def test_organisers_too_are_told_of_their_own_unit_alone(http, device, enrolled):
    http.push(device, device.frame())

    items, _ = everything(http, enrolled("boss", unit="city", role="organiser"))

    assert "revision" not in {item.kind for item in items}


def test_quarantined_revisions_are_told_with_their_violations(http, device, enrolled):
    http.push(device, device.frame(device.revision({"title": ""})))

    items, _ = everything(http, enrolled("colleague"))

    assert items[-1].result.state is ItemState.QUARANTINED
    assert items[-1].result.violations[0].path == "title"


def test_small_pages_bring_the_same_as_a_large_one(http, device, enrolled):
    reader = enrolled("reader")
    other = enrolled("other", unit="south")
    for _ in range(4):
        http.push(device, device.frame(), device.frame())
        http.push(other, other.frame())

    assert everything(http, reader, limit=1) == everything(http, reader, limit=500)


def test_a_page_covers_what_does_not_concern_the_device(http, device, enrolled):
    other = enrolled("other", unit="south")
    after = http.pull(device).answer.next
    http.push(other, other.frame(), other.frame())

    answer = http.pull(device, after).answer

    assert (answer.items, answer.next) == ((), after + 2)


def test_a_page_holds_a_bounded_amount_of_content_and_at_least_one_item(http, device, enrolled):
    large = {"title": "x" * 900_000}
    for _ in range(5):
        http.push(device, device.frame(device.revision(large)))
    reader = enrolled("reader")
    after = everything(http, device)[0][2].index + 1

    replies = []
    while not replies or replies[-1].answer.next < replies[-1].answer.log_size:
        replies.append(http.pull(reader, after))
        after = replies[-1].answer.next

    assert [len(reply.frames) for reply in replies] == [2, 2, 1]


def test_a_form_published_later_comes_with_its_bytes_and_decides_what_was_held(
    http, services, device, enrolled
):
    new = b'{"settings":{"form_id":"later","version":"1","form_title":{"en":"L"},"default_language":"en"},"survey":[{"type":"text","name":"title","label":{"en":"T"}}]}'
    revision = device.revision(form="later", definition=digest_of(new))
    held = http.push(device, device.frame(revision)).answer.results[0]
    after = http.pull(device).answer.next

    published = services.publish(new)
    answer = http.pull(device, after).answer

    assert (held.state, held.code) == (ItemState.HELD, "definition_unknown")
    assert published.decided == 1
    assert [item.kind for item in answer.items] == ["form", "outcome"]
    assert answer.items[1].digest == held.digest
    assert (answer.items[1].result.state, answer.items[1].result.index) == (
        ItemState.LOGGED,
        held.index,
    )
    again = http.push(device, device.frame(revision)).answer.results[0]
    assert again.state is ItemState.LOGGED


def test_a_cursor_beyond_the_log_is_told_as_a_problem(http, device):
    reply = http.pull(device, after=999)

    assert (reply.status, reply.answer.code) == (409, "log_changed")
    assert reply.answer.hint


def test_a_page_names_the_leaf_that_the_device_has_come_to(http, services, device):
    answer = http.pull(device, limit=2).answer
    with services.readers.read() as connection:
        leaves = [bytes(row[0]) for row in connection.execute("SELECT bytes FROM leaf")]

    assert answer.next == 2
    assert answer.leaf == digest_of(leaves[1])


def test_a_device_that_names_the_leaf_it_came_to_goes_on_from_there(http, device):
    first = http.pull(device).answer
    http.push(device, device.frame())

    reply = http.call(device, "GET", changes_from(first.next, first.leaf))

    assert [item.index for item in reply.answer.items] == [first.next]
    assert reply.answer.leaf != first.leaf


def test_a_cursor_at_another_leaf_of_as_long_a_log_is_told_as_a_problem(http, device):
    first = http.pull(device).answer

    reply = http.call(device, "GET", changes_from(first.next, digest_of(b"another leaf")))

    assert (reply.status, reply.answer.code) == (409, "log_changed")


def test_at_the_beginning_of_the_log_there_is_no_leaf_to_name(http, device):
    assert http.call(device, "GET", changes_from(0, digest_of(b"x"))).status == 409
    assert http.pull(device, after=0).status == 200


def test_a_cursor_that_is_no_number_is_a_bad_request(http, device):
    for target in (
        "?after=-1",
        "?after=x",
        "?after=1e3",
        "?limit=99999999999999999999",
        "?after=",
        "?leaf=x",
    ):
        assert http.call(device, "GET", f"/v1/changes{target}").status == 400


def own_places(http, device, count=3):
    frames = [device.frame() for _ in range(count)]
    results = http.push(device, *frames).answer.results
    return [(result.index, result.digest) for result in results]


def test_what_a_device_knows_of_its_own_is_left_out(http, device, enrolled):
    places = own_places(http, device)
    other = enrolled("other")
    theirs = http.push(other, other.frame()).answer.results[0]

    answer = http.call(
        device, "GET", f"/v1/changes?after=0&known={format_known(known_of(places))}"
    ).answer

    revisions = [item.digest for item in answer.items if item.kind == "revision"]
    assert revisions == [theirs.digest]
    assert answer.next == answer.log_size


def test_a_device_whose_own_stands_elsewhere_is_told_that_the_log_changed(http, device):
    (index, digest), *_ = own_places(http, device)
    for place in ((index, "sha256:" + "0" * 64), (index + 50, digest)):
        reply = http.call(
            device, "GET", f"/v1/changes?after=0&known={format_known(known_of([place]))}"
        )

        assert (reply.status, reply.answer.code) == (409, "log_changed")


def test_a_device_that_lost_what_it_made_gets_the_contents_back(http, device):
    frame = device.frame()
    http.push(device, frame)

    reply = http.call(device, "GET", "/v1/changes?after=0&own=1")

    assert reply.answer.items[-1].has_content
    assert reply.frames[-1] == frame


def test_the_same_places_named_again_and_again_are_a_bad_request(http, device):
    (first, *_) = known_of(own_places(http, device))

    reply = http.call(device, "GET", f"/v1/changes?known={format_known([first, first])}")

    assert (reply.status, reply.answer.code) == (400, "malformed")

"""Which revision of an entry stands."""

from hypothesis import given
from hypothesis import strategies as st

from server.projection.heads import Stored, standing


def stored(digest, state="logged", *, unit="a", device="d", at="2"):
    return Stored(
        digest=digest,
        index=0,
        entry="e",
        form="f",
        definition="x",
        device=device,
        member=None,
        unit=unit,
        operation="put",
        made_at="1",
        received_at=at,
        state=state,
        code=None,
        violations=None,
    )


def names(revisions):
    return [each.digest for each in revisions]


def test_the_only_revision_stands():
    found = standing([stored("a", at="1")], {})

    assert (found.head.digest, found.first_received_at, found.count) == ("a", "1", 1)


def test_of_two_heads_the_longer_history_stands():
    revisions = [stored("z"), stored("a"), stored("b")]

    assert standing(revisions, {"b": ["a"], "z": []}).head.digest == "b"


def test_of_equally_long_ones_the_greatest_digest_stands():
    assert standing([stored("a"), stored("b")], {}).head.digest == "b"


def test_a_child_of_something_unknown_still_stands():
    assert standing([stored("a")], {"a": ["not here"]}).head.digest == "a"


def test_a_quarantined_edit_leaves_the_logged_one_standing():
    found = standing([stored("a"), stored("b", "quarantined")], {"b": ["a"]})

    assert found.head.digest == "a"
    assert names(found.quarantined) == ["b"]


def test_a_logged_descendant_through_a_quarantined_one_takes_its_ancestors_place():
    revisions = [stored("z"), stored("b", "quarantined"), stored("a")]

    found = standing(revisions, {"b": ["z"], "a": ["b"]})

    assert found.head.digest == "a"
    assert found.quarantined == ()


def test_a_second_bad_try_of_the_same_unit_takes_the_place_of_the_first():
    revisions = [stored("a", "quarantined"), stored("b", "quarantined")]

    assert names(standing(revisions, {"b": ["a"]}).quarantined) == ["b"]


def test_a_stranger_cannot_hide_what_a_unit_sent():
    revisions = [
        stored("a", "quarantined"),
        stored("b", "quarantined", unit=None, device="stranger"),
    ]

    assert names(standing(revisions, {"b": ["a"]}).quarantined) == ["a", "b"]


def test_a_held_revision_neither_stands_nor_hides():
    found = standing([stored("a"), stored("b", "held")], {"b": ["a"]})

    assert found.head.digest == "a"
    assert found.count == 1


@st.composite
def histories(draw):
    states = st.sampled_from(["logged", "logged", "quarantined", "held"])
    revisions = [stored(name, draw(states)) for name in "abcdefg"[: draw(st.integers(1, 7))]]
    parents = {}
    for place, revision in enumerate(revisions):
        earlier = names(revisions[:place])
        chosen = (
            draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []
        )
        parents[revision.digest] = chosen
    return revisions, parents


@given(histories(), st.randoms())
def test_the_order_of_arrival_makes_no_difference(history, random):
    revisions, parents = history
    shuffled = random.sample(revisions, len(revisions))

    one, other = standing(revisions, parents), standing(shuffled, parents)

    assert one.head == other.head
    assert set(one.quarantined) == set(other.quarantined)
    assert (one.first_received_at, one.count) == (other.first_received_at, other.count)

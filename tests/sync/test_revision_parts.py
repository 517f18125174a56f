"""The quick look at a revision beside the schema: it never takes what the schema refuses."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.canonical import canonical_bytes, parse_canonical
from sync.digest import digest_of
from sync.errors import MessageError
from sync.revision import Revision, RevisionSchema, format_revision, parse_revision
from sync.revision_parts import is_well_formed

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 2**53 - 1)
    | st.sampled_from(
        [
            "",
            "put",
            "void",
            "revision",
            "+08:00",
            "-18:59",
            "2026-11-22T09:31:02.123Z",
            "2026-11-22T09:31:02Z",
            "0001-01-01T00:00:00.000Z",
            "11111111-1111-4111-8111-111111111111",
            "11111111-1111-4111-8111-111111111111\n",
            "AAAAAAAAAAAAAAAAAAAAAA==",
            "AAAAAAAAAAAAAAAAAAAAAB==",
            digest_of(b"a"),
            digest_of(b"a") + "\n",
            digest_of(b"a").upper(),
            "ab" * 32,
            "x" * 200,
            "x" * 201,
            "理" * 2000,
            "理" * 2001,
        ]
    )
    | st.text(max_size=5)
)
FILE = {"sha256": "ab" * 32, "size": 5, "type": "image/png"}
VALUES = st.recursive(
    SCALARS | st.just(FILE),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["sha256", "size", "type", "name", "x"]), inner)
    ),
    max_leaves=6,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    members = value.items() if isinstance(value, dict) else ()
    return found + [each for key, member in members for each in _paths(member, (*path, key))]


@st.composite
def altered(draw: st.DrawFn, value: dict[str, Any]) -> dict[str, Any]:
    """Return a revision with some parts changed, taken away or added."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(0, 3))):
        *way, key = draw(st.sampled_from(_paths(value)))
        holder = value
        for step in way:
            holder = holder[step]
        change = draw(st.sampled_from(["replace", "remove", "add"]))
        if change == "remove":
            del holder[key]
        elif change == "replace":
            holder[key] = draw(VALUES)
        else:
            holder[draw(st.sampled_from(["surprise", "name", "reason"]))] = draw(VALUES)
        if not value:
            break
    return value


@given(data=st.data())
def test_both_readers_read_the_same_and_the_quick_one_takes_nothing_more(
    revision: Revision, data: st.DataObject
) -> None:
    value = data.draw(altered(parse_canonical(format_revision(revision))))
    schema, content = RevisionSchema(), canonical_bytes(value)

    try:
        quick: Revision | None = parse_revision(content)
    except MessageError:
        quick = None

    errors = schema.validate(copy.deepcopy(value))
    if quick is None:
        return
    assert not errors or value["version"] != 1
    if value["version"] == 1:
        assert quick == schema.load(copy.deepcopy(value))


@given(data=st.data())
def test_what_is_well_formed_passes_the_schema_but_for_its_times(
    revision: Revision, data: st.DataObject
) -> None:
    value = data.draw(altered(parse_canonical(format_revision(revision))))

    if is_well_formed(value):
        assert RevisionSchema().validate(value).keys() <= {"made_at"}


def test_what_this_version_writes_is_well_formed(revision: Revision) -> None:
    assert is_well_formed(parse_canonical(format_revision(revision)))


@pytest.mark.parametrize("value", [None, [], "revision", 1, {}])
def test_what_is_no_object_is_not_well_formed(value: Any) -> None:
    assert not is_well_formed(value)

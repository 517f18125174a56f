"""S9: entries that many people edit at once, held against an oracle; and bugs that it must find."""

import random
from dataclasses import replace

import pytest
from faultkit.edit_histories import KINDS, history
from faultkit.merge_oracle import check
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import sync.merge
import sync.merge_rows
from sync.difference import differences
from sync.history import Ancestry
from sync.merge import Merged, Version, heads_of, merge

histories = st.builds(
    lambda number, revisions, rows: history(random.Random(number), revisions, rows),
    st.integers(0, 2**48),
    st.integers(2, 9),
    st.integers(0, 4),
)


@pytest.fixture
def explore(budget, counts):
    """Return a function that holds a check against many histories."""

    def run(examine, short, full, strategy=histories):
        @seed(budget.seed)
        @settings(
            max_examples=budget.of(short, full),
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def explored(versions):
            examine(versions)
            counts.add("histories merged", 1)

        explored()

    return run


def shuffled(versions, chance):
    """Return the same versions as if they had come, and been written, in another order."""
    digests = chance.sample(list(versions), len(versions))
    return {
        digest: replace(versions[digest], answers=_shuffled(versions[digest].answers, chance))
        for digest in digests
    }


def _shuffled(value, chance):
    if isinstance(value, dict):
        names = chance.sample(list(value), len(value))
        return {name: _shuffled(value[name], chance) for name in names}
    return [_shuffled(each, chance) for each in value] if isinstance(value, list) else value


def plain(merged):
    """Return a merged entry as something in which the order of what is listed does not count."""
    return replace(merged, contested=tuple(sorted(merged.contested, key=lambda each: each.path)))


def test_nothing_is_lost_nothing_is_made_up_and_every_conflict_is_listed(explore, counts):
    def examine(versions):
        merged = merge(versions, KINDS)
        check(versions, merged)
        counts.add("contested paths", len(merged.contested))
        counts.add("entries of several heads", len(merged.heads) > 1)

    explore(examine, 2500, 60_000)


def test_the_order_of_arrival_and_of_keys_makes_no_difference(explore):
    def examine(versions):
        merged = merge(versions, KINDS)
        again = merge(shuffled(versions, random.Random(1)), KINDS)

        assert plain(again) == plain(merged)

    explore(examine, 1000, 30_000)


def test_one_head_and_what_lies_above_it_is_that_head(explore):
    def examine(versions):
        for head in heads_of(versions):
            merged = merge(_known_to(versions, head), KINDS)
            assert merged.answers is versions[head].answers
            assert merged.contested == ()

    explore(examine, 500, 10_000)


def _known_to(versions, head):
    found, waiting = {}, [head]
    while waiting:
        digest = waiting.pop()
        found[digest] = versions[digest]
        waiting += versions[digest].parents
    return found


def test_a_view_that_is_saved_is_the_entry_however_many_save_it(explore):
    def examine(versions):
        merged = merge(versions, KINDS)
        for name in ("saved", "saved by another"):
            versions = {**versions, name: _saved(name, merged)}
            again = merge(versions, KINDS)
            assert (again.answers, again.reasons) == (merged.answers, merged.reasons)
            assert (again.operation, again.reason) == (merged.operation, merged.reason)
            assert again.contested == ()
            assert differences(merged.answers, again.answers, KINDS) == ()

    explore(examine, 800, 20_000)


def _saved(name: str, merged: Merged) -> Version:
    return Version(
        name, merged.heads, merged.operation, merged.answers, merged.reasons, merged.reason
    )


def test_a_view_that_one_side_went_on_from_is_what_it_became(explore):
    """What the others had is known to whoever goes on from the view: it never comes back."""

    def examine(versions):
        merged = merge(versions, KINDS)
        if merged.operation == "void":
            return
        views = {name: _saved(name, merged) for name in ("here", "there")}
        gone_on = replace(views["here"], answers={**merged.answers, "new": "1"})
        again = merge({**versions, "here": gone_on, "there": views["there"]}, KINDS)

        assert differences(gone_on.answers, again.answers, KINDS) == ()
        assert again.contested == ()

    explore(examine, 500, 10_000)


def test_knowing_less_never_hides_a_conflict_of_two(explore):
    def examine(versions):
        heads = heads_of(versions)
        known = {**_known_to(versions, heads[0]), **_known_to(versions, heads[-1])}
        whole = merge(known, KINDS)
        for digest in known:
            if digest not in whole.heads:
                rest = {other: each for other, each in known.items() if other != digest}
                if set(heads_of(rest)) == set(whole.heads):
                    less = merge(rest, KINDS)
                    assert _listed(whole) <= _listed(less)

    explore(examine, 400, 10_000)


def _listed(merged):
    return {each.path for each in merged.contested}


def test_many_heads_of_many_answers_are_merged(counts):
    base = {f"question_{number}": "0" for number in range(10_000)}
    versions = {"base": Version("base", (), "put", base, {})}
    for number in range(1, 17):
        answers = {name: str(number) for name in base}
        versions[f"{number:02}"] = Version(f"{number:02}", ("base",), "put", answers, {})

    merged = merge(versions, {})

    assert len(merged.contested) == len(base)
    assert all(len(each.contenders) == 16 for each in merged.contested)
    counts.add("answers merged of many heads", 16 * len(base))


def last_one_wins(monkeypatch):
    monkeypatch.setattr(Ancestry, "standing", lambda _self, heads, _rivals, _same: list(heads)[:1])


def removal_wins(monkeypatch):
    real = sync.merge._Merge._presence

    def hasty(self, scopes, heads):
        keeping, removing = real(self, scopes, heads)
        return ([], removing) if removing and keeping else (keeping, removing)

    monkeypatch.setattr(sync.merge._Merge, "_presence", hasty)


def change_wins_silently(monkeypatch):
    real = sync.merge._Merge._presence

    def hasty(self, scopes, heads):
        keeping, removing = real(self, scopes, heads)
        return (keeping, []) if keeping else (keeping, removing)

    monkeypatch.setattr(sync.merge._Merge, "_presence", hasty)


def one_common_ancestor_is_enough(monkeypatch):
    real = Ancestry._bases

    def hasty(self, one, other):
        bases = real(self, one, other)
        return bases and bases[:1]

    monkeypatch.setattr(Ancestry, "_bases", hasty)


def any_common_ancestor_will_do(monkeypatch):
    def hasty(self, one, other):
        common = self._above[one] & self._above[other]
        return tuple(sorted(common))[:1] or None

    monkeypatch.setattr(Ancestry, "_bases", hasty)


def new_rows_go_to_the_end(monkeypatch):
    def hasty(orders, shared):
        every = dict.fromkeys(row for order in orders for row in order)
        return tuple(sorted(every, key=lambda row: row not in shared))

    monkeypatch.setattr(sync.merge_rows, "_weave", hasty)


def rows_of_others_are_dropped(monkeypatch):
    monkeypatch.setattr(sync.merge_rows, "_weave", lambda orders, _: orders[0])


def moved_rows_go_back(monkeypatch):
    real = sync.merge_rows._weave
    monkeypatch.setattr(
        sync.merge_rows, "_weave", lambda orders, shared: real(orders[::-1], shared)
    )


def reasons_are_forgotten(monkeypatch):
    monkeypatch.setattr(sync.merge, "reasons_of", lambda _scope: iter(()))


def truth_is_one(monkeypatch):
    real = sync.merge.read_scope

    def hasty(answers, reasons, kinds):
        scope = real(answers, reasons, kinds)
        for local, leaf in scope.leaves.items():
            scope.leaves[local] = replace(leaf, key="1" if leaf.value is True else str(leaf.value))
        return scope

    monkeypatch.setattr(sync.merge, "read_scope", hasty)


def first_contested_path_only(monkeypatch):
    real = sync.merge._Merge.run

    def hasty(self):
        merged = real(self)
        return replace(merged, contested=merged.contested[:1])

    monkeypatch.setattr(sync.merge._Merge, "run", hasty)


BUGS = [
    last_one_wins,
    removal_wins,
    change_wins_silently,
    one_common_ancestor_is_enough,
    any_common_ancestor_will_do,
    new_rows_go_to_the_end,
    rows_of_others_are_dropped,
    moved_rows_go_back,
    reasons_are_forgotten,
    truth_is_one,
    first_contested_path_only,
]


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found(bug, budget, counts, monkeypatch):
    for number in range(5000):
        versions = history(budget.chance("bug", number), 2 + number % 8)
        with monkeypatch.context() as patch:
            bug(patch)
            is_found = _is_found(versions)
        if is_found:
            counts.add("seeded bugs of merging found", 1)
            check(versions, merge(versions, KINDS))
            return
    pytest.fail(f"Nobody noticed {bug.__name__}.")


def _is_found(versions):
    try:
        check(versions, merge(versions, KINDS))
    except (AssertionError, KeyError):
        return True
    return False

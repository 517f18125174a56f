"""What a merged entry must be, worked out from the definitions alone: slow, and without `sync`.

Everything is asked of one place at a time. A head is *passed* at a place if another head changed it
while this one left it as all their lowest common ancestors have it; who is not passed is shown or
listed. Written for the form of `edit_histories`.
"""

import json

CALCULATED = {"total", "days"}
GROUPS = {"head", "inner", "more"}
REPEATS = {"contests", "people", "files"}


class Flat:
    """One set of answers as flat mappings by path."""

    def __init__(self, answers, reasons):
        self.leaves, self.calculated, self.rows, self.orders = {}, {}, {}, {}
        self._reasons = reasons
        self._read(answers, "")

    def _read(self, answers, prefix):
        for name, value in answers.items():
            path = prefix + name
            if name in GROUPS:
                self._read(value, f"{path}/")
            elif name in REPEATS:
                self.orders[path] = [row["_row"] for row in value]
                for row in value:
                    place = f"{path}[{row['_row']}]"
                    inner = {key: each for key, each in row.items() if key != "_row"}
                    self._read(inner, f"{place}/")
                    self.rows[place] = self._beneath(f"{place}/")
            else:
                leaves = self.calculated if name in CALCULATED else self.leaves
                leaves[path] = text([value, self._reasons.get(path)])

    def _beneath(self, prefix):
        leaves = {path: each for path, each in self.leaves.items() if path.startswith(prefix)}
        orders = {
            path: each for path, each in self.orders.items() if each and path.startswith(prefix)
        }
        return text([leaves, orders])

    def whole(self):
        """Return everything a person made of it."""
        return self._beneath("")

    def scope_of(self, path):
        """Say whether the row that a path stands in is here."""
        around = path[: path.rfind("]") + 1]
        return not around or around in self.rows


def text(value):
    """Return a JSON value as text, so that 1 and true are two."""
    return json.dumps(value, sort_keys=True)


class Histories:
    """Who descends from whom, by looking."""

    def __init__(self, versions):
        self.versions = versions
        self.above = {digest: self._above(digest) for digest in versions}
        named = {parent for each in versions.values() for parent in each.parents}
        self.heads = [digest for digest in versions if digest not in named]

    def _above(self, digest):
        found, waiting = set(), [digest]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += self.versions[each].parents
        return found

    def bases(self, one, other):
        """Return the common ancestors from which no other common ancestor descends."""
        common = self.above[one] & self.above[other]
        return [
            each
            for each in common
            if not any(each in self.above[below] for below in common - {each})
        ]

    def depth(self, digest):
        above = self.versions[digest].parents
        return 1 + max((self.depth(parent) for parent in above), default=0)

    def is_passed(self, head, rivals, same):
        """Say whether a rival changed what this head left as all their bases have it."""
        for rival in rivals:
            bases = self.bases(head, rival) if rival != head else []
            is_left = bases and all(same(base, head) for base in bases)
            if is_left and not same(rival, head):
                return True
        return False


class Oracle:
    """Holds a merged entry against the revisions it came from."""

    def __init__(self, versions, merged):
        self.merged = merged
        self.histories = Histories(versions)
        self.versions = versions
        self.flat = {
            digest: None if each.operation == "void" else Flat(each.answers, each.reasons)
            for digest, each in versions.items()
        }
        self.listed = {each.path: each.contenders for each in merged.contested}
        self.view = Flat(merged.answers, merged.reasons)
        self.holders = [head for head in merged.heads if self.flat[head] is not None]

    def check(self):
        """Raise AssertionError where the merged entry is not as it must be."""
        heads = self.histories.heads
        order = sorted(heads, key=lambda each: (self.histories.depth(each), each), reverse=True)
        assert list(self.merged.heads) == order
        assert len(self.listed) == len(self.merged.contested), "a path is listed twice"
        if len(heads) == 1:
            assert not self.listed
            assert self.merged.answers == self.versions[heads[0]].answers
        elif self.merged.operation == "void":
            self._check_void()
        else:
            self._check_voids_of_what_stands()
            self._check_leaves()
            self._check_rows()
            self._check_orders()
            self._check_calculated()

    def passed(self, head, rivals, at):
        """Say whether a head is passed at a place; `at` gives what a version has there."""
        return self.histories.is_passed(head, rivals, lambda one, other: at(one) == at(other))

    def _entry(self, digest):
        flat = self.flat[digest]
        return None if flat is None else flat.whole()

    def _check_void(self):
        voids = [head for head in self.merged.heads if head not in self.holders]
        assert voids
        for head in self.holders:
            assert self.passed(head, voids, self._entry), "a change is void and not listed"
        for head in voids:
            reason = self.versions[head].reason
            is_listed = any(each.digest == head for each in self.listed.get("", ()))
            is_passed = self.passed(head, voids, self._why) or self.passed(
                head, self.holders, self._entry
            )
            assert is_listed or is_passed or reason == self.merged.reason

    def _why(self, digest):
        return self.versions[digest].operation, self.versions[digest].reason

    def _check_voids_of_what_stands(self):
        for head in set(self.merged.heads) - set(self.holders):
            found = [each for each in self.listed.get("", ()) if each.digest == head]
            if found:
                assert not found[0].is_present
                assert found[0].reason == self.versions[head].reason
            else:
                assert self.passed(head, self.holders, self._entry), "a void is not listed"
        assert self.merged.reason is None

    def _leaf(self, path):
        return lambda digest: (
            None if self.flat[digest] is None else self.flat[digest].leaves.get(path)
        )

    def _check_leaves(self):
        paths = {path for head in self.holders for path in self.flat[head].leaves}
        assert self.view.leaves.keys() <= paths, "an answer that nobody gave"
        for path in paths:
            there = [head for head in self.holders if self.flat[head].scope_of(path)]
            if self.view.scope_of(path):
                self._check_leaf(path, there)
            else:
                assert path not in self.listed, "listed beneath a row that is gone"
        for path in self.listed:
            assert path in paths or "#" in path or not path or path in self.view.rows

    def _check_leaf(self, path, there):
        at, shown = self._leaf(path), self.view.leaves.get(path)
        contenders = {each.digest: each for each in self.listed.get(path, ())}
        assert shown in [at(head) for head in there], "an answer that nobody gave"
        for head, contender in contenders.items():
            said = text([contender.value, contender.reason]) if contender.is_present else None
            assert said == at(head)
        for head in there:
            is_passed = self.passed(head, there, at)
            if head not in contenders and at(head) != shown:
                assert is_passed, f"{path} of {head} is neither shown nor listed"
        if contenders:
            assert len({at(head) for head in contenders}) > 1
            assert at(next(iter(contenders))) == shown
            stand = [head for head in there if not self.passed(head, there, at)]
            assert set(contenders) == set(stand or there), "who did not change it is listed"

    def _row(self, path):
        return lambda digest: (
            None if self.flat[digest] is None else self.flat[digest].rows.get(path)
        )

    def _check_rows(self):
        paths = {path for head in self.holders for path in self.flat[head].rows}
        assert self.view.rows.keys() <= paths, "a row that nobody has"
        for path in paths:
            outside = path[: path.rfind("[")]
            if self.view.scope_of(outside):
                self._check_row(path, outside)

    def _check_row(self, path, outside):
        around = [head for head in self.holders if self.flat[head].scope_of(outside)]
        having = [head for head in around if path in self.flat[head].rows]
        lacking = [head for head in around if head not in having]
        at = self._row(path)
        if path not in self.view.rows:
            for head in having:
                assert self.passed(head, lacking, at), "a change went with its row"
        contenders = {each.digest: each.is_present for each in self.listed.get(path, ())}
        for head in lacking if path in self.view.rows else ():
            is_listed = contenders.get(head) is False
            assert is_listed or self.passed(head, having, at), "an undone removal is not listed"
        for head, is_present in contenders.items():
            assert is_present == (head in having)

    def _check_orders(self):
        paths = {path for head in self.holders for path in self.flat[head].orders}
        for path in paths:
            if self.view.scope_of(path):
                order = self.view.orders.get(path, [])
                assert len(set(order)) == len(order), "a row stands twice"
                self._check_order(path, order)
                self._check_new_rows(path, order)

    def _order(self, digest, path, kept):
        flat = self.flat[digest]
        order = [] if flat is None else flat.orders.get(path, [])
        return [row for row in order if row in kept]

    def _check_order(self, path, shown):
        def at(digest):
            return shown if digest == "shown" else self._order(digest, path, shown)

        def agree(one, other):
            one, other = at(one), at(other)
            return [row for row in one if row in other] == [row for row in other if row in one]

        there = [head for head in self.holders if self.flat[head].scope_of(path)]
        contenders = [each.digest for each in self.listed.get(f"{path}#order", ())]
        for head in there:
            if head not in contenders and not agree(head, "shown"):
                is_passed = self._is_order_passed(head, there, at)
                assert is_passed, "rows were moved, and it is neither shown nor listed"
        if contenders:
            stand = [head for head in there if not self._is_order_passed(head, there, at)]
            assert set(contenders) == set(stand or there)
            assert agree(contenders[0], "shown")

    def _is_order_passed(self, head, there, at):
        """Say whether another head moved rows of both that this one has as all their bases do."""
        for rival in there:
            common = set(at(head)) & set(at(rival))

            def only(digest, common=common):
                return [row for row in at(digest) if row in common]

            bases = self.histories.bases(head, rival) if rival != head else []
            is_left = bases and all(only(base) == only(head) for base in bases)
            if is_left and only(rival) != only(head):
                return True
        return False

    def _check_new_rows(self, path, shown):
        """Rows that one head alone has stand behind their predecessor, in the order of their ids."""
        there = [head for head in self.holders if self.flat[head].scope_of(path)]
        orders = {head: self._order(head, path, shown) for head in there}
        heads = self.merged.heads
        bases = {
            base
            for one in heads
            for other in heads
            if one != other
            for base in self.histories.bases(one, other)
        }
        before = {row for base in bases for row in self._order(base, path, shown)}
        predecessors = {}
        for row in shown:
            having = [head for head in there if row in orders[head]]
            if len(having) == 1 and row not in before:
                order = orders[having[0]]
                at = order.index(row)
                predecessors[row] = order[at - 1] if at else None
        for row, predecessor in predecessors.items():
            start = shown.index(predecessor) + 1 if predecessor is not None else 0
            between = shown[start : shown.index(row)]
            assert start <= shown.index(row), "a new row stands in front of its predecessor"
            assert all(other in predecessors for other in between)
            siblings = [each for each in predecessors if predecessors[each] == predecessor]
            assert siblings == sorted(siblings), "rows behind one row are not in order of their ids"

    def _check_calculated(self):
        for path in {path for head in self.holders for path in self.flat[head].calculated}:
            assert path not in self.listed
            there = [head for head in self.holders if path in self.flat[head].calculated]
            if self.view.scope_of(path):
                shown = json.loads(self.view.calculated[path])[0]
                assert shown == json.loads(self.flat[there[0]].calculated[path])[0]
        for path in self.merged.reasons:
            assert path in self.view.leaves or path in self.view.calculated, "a reason of nothing"


def check(versions, merged):
    """Hold a merged entry against the revisions it came from."""
    Oracle(versions, merged).check()

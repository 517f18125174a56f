"""Histories of one entry as several people edit it: drawn by chance, with every kind of edit.

Values are few, so that people often type the same, and often change something back. Revisions
branch, merge and cross; a merging revision takes each answer from any of its parents.
"""

from copy import deepcopy

from sync.merge import Version

KINDS = {
    "one": "value",
    "two": "value",
    "head": "group",
    "head/name": "value",
    "head/inner": "group",
    "head/inner/x": "value",
    "place": "value",
    "total": "calculated",
    "contests": "repeat",
    "contests/project": "value",
    "contests/days": "calculated",
    "contests/more": "group",
    "contests/more/y": "value",
    "contests/people": "repeat",
    "contests/people/name": "value",
    "files": "repeat",
    "files/file": "value",
}
FIELDS = ["one", "two", "head/name", "head/inner/x", "place", "odd", "total"]
REPEATS = {
    "contests": ["project", "more/y", "odd", "days"],
    "people": ["name"],
    "files": ["file"],
}
PLACES = [{"lat": lat, "lon": lon} for lat in "12" for lon in "12"]
ODD = [1, True, "1", None, {"_row": "x"}, [{"x": []}]]
FILES = [{"sha256": name * 64, "size": 1, "type": "image/png", "name": name} for name in "ab"]


def history(chance, revisions, rows=2):
    """Return the versions of an entry by digest, in the order in which they were made."""
    answers, reasons = {}, {}
    for _ in range(rows):
        _edit(chance, answers, reasons)
        _add_row(chance, answers, "contests")
    versions = {}
    for _ in range(revisions):
        made = _next(chance, versions, answers, reasons)
        versions[made.digest] = made
    return versions


def _next(chance, versions, answers, reasons):
    digest = f"{chance.getrandbits(64):016x}"
    if not versions:
        return Version(digest, (), "put", answers, reasons)
    known = list(versions)
    most = min(len(known), 3)
    # Mostly one of the newest, so that histories grow long; sometimes any, so that they branch.
    pool = known if chance.random() < 0.6 else known[-2:]
    count = chance.choice([1, 1, 1, 1, 1, 1, 2, 2, most])
    parents = tuple(sorted(chance.sample(pool, min(count, len(pool)))))
    if chance.random() < 0.06:
        why = chance.choice(["twice", "wrong"])
        return Version(digest, parents, "void", {}, {}, why)
    answers, reasons = _joined(chance, [versions[parent] for parent in parents])
    for _ in range(chance.choice([0, 1, 2, 3, 5])):
        _edit(chance, answers, reasons)
    return Version(digest, parents, "put", answers, reasons)


def _joined(chance, parents):
    """Return what a person made of several parents: each answer from any of them."""
    answers = {}
    for name in {name for parent in parents for name in parent.answers}:
        source = chance.choice(parents)
        if name in source.answers:
            answers[name] = deepcopy(source.answers[name])
    paths = set(_paths(answers))
    reasons = {
        path: text for parent in parents for path, text in parent.reasons.items() if path in paths
    }
    return answers, reasons


def _paths(answers, prefix=""):
    for name, value in answers.items():
        yield prefix + name
        if name in ("head", "inner", "more"):
            yield from _paths(value, f"{prefix}{name}/")
        elif name in REPEATS:
            for row in value:
                yield from _paths(row, f"{prefix}{name}[{row['_row']}]/")


def _edit(chance, answers, reasons):
    edit = chance.choice([_set, _set, _set, _set_in_row, _set_in_row, _add, _remove, _move])
    edit(chance, answers)
    paths = set(_paths(answers))
    for path in [path for path in reasons if path not in paths]:
        del reasons[path]
    leaves = [path for path in paths if path.rsplit("/")[-1] in {"one", "project", "name", "total"}]
    if leaves and chance.random() < 0.3:
        reasons[chance.choice(sorted(leaves))] = chance.choice(["measured", "guessed"])


def _set(chance, answers):
    _put(chance, answers, chance.choice(FIELDS))


def _put(chance, answers, path):
    *groups, name = path.split("/")
    for group in groups:
        answers = answers.setdefault(group, {})
    if chance.random() < 0.2:
        answers.pop(name, None)
    else:
        values = {"place": PLACES, "odd": ODD, "file": FILES}.get(name, ["1", "2", "3"])
        answers[name] = deepcopy(chance.choice(values))


def _repeats(answers):
    """Return the repeats there are, and may be, as pairs of who holds them and their name."""
    found = [(answers, "contests"), (answers, "files")]
    return found + [(row, "people") for row in answers.get("contests", ())]


def _filled(chance, answers):
    filled = [each for each in _repeats(answers) if each[0].get(each[1])]
    return chance.choice(filled) if filled else None


def _set_in_row(chance, answers):
    found = _filled(chance, answers)
    if found is not None:
        holder, name = found
        _put(chance, chance.choice(holder[name]), chance.choice(REPEATS[name]))


def _add(chance, answers):
    _add_row(chance, *chance.choice(_repeats(answers)))


def _add_row(chance, holder, name):
    row = {"_row": f"{chance.getrandbits(32):08x}"}
    _put(chance, row, REPEATS[name][0])
    rows = holder.setdefault(name, [])
    rows.insert(chance.randint(0, len(rows)), row)


def _remove(chance, answers):
    found = _filled(chance, answers)
    if found is not None:
        holder, name = found
        holder[name].remove(chance.choice(holder[name]))
        if not holder[name]:
            del holder[name]


def _move(chance, answers):
    found = _filled(chance, answers)
    if found is not None:
        holder, name = found
        row = holder[name].pop(chance.randrange(len(holder[name])))
        holder[name].insert(chance.randint(0, len(holder[name])), row)

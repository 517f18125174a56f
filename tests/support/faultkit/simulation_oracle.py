"""What has to be true of a simulated world once it has come to rest: a set check."""

from collections import defaultdict


def check(world):
    """Compare what the devices called saved with what is in the log, and with what they say now."""
    logged = world.logged()
    assert logged.keys() - world.life.saved.keys() == set(), "something was never saved"
    assert world.life.saved.keys() - world.life.lost - logged.keys() == set(), "something is lost"
    assert set(logged.values()) == {"logged"}
    for device in world.devices:
        held = device.held()
        assert set(held.values()) <= {"delivered"}, device.name
        assert held.keys() <= logged.keys(), device.name
    check_chains(world)
    check_views(world)


def check_chains(world):
    """No device gave one place of its chain to two revisions."""
    with world.server.readers.read() as connection:
        forks = connection.execute(
            "SELECT device, incarnation, sequence FROM revision GROUP BY 1, 2, 3 HAVING count(*) > 1"
        ).fetchall()
    assert forks == [], "a chain forks"


def check_views(world):
    """Compare how the devices of a unit see each entry, and whether they hide anything."""
    seen = defaultdict(list)
    for device in world.devices:
        replica = device.services.replica
        views = {each["entry"]: replica.view(each["entry"]) for each in device.services.entries()}
        for view in views.values():
            check_nothing_is_hidden(replica, view)
        contested = {entry for entry, view in views.items() if view.contested}
        assert replica.conflicts().keys() == contested, "a conflict is not listed"
        seen[device.unit].append({entry: _shown(view) for entry, view in views.items()})
    for shown in seen.values():
        assert all(one == shown[0] for one in shown), "two devices of a unit show different things"


def _shown(view):
    return view.answers, view.contested, view.operation, view.heads


def check_nothing_is_hidden(replica, view):
    """Every head's answer is in the view, is contested, or is one that the head did not change."""
    contested = {each.path for each in view.contested}
    for digest in view.heads:
        head = replica.revision(digest)
        before = [replica.revision(each).answers for each in _ancestors(replica, head)]
        for path in ("title", "count"):
            value = head.answers.get(path)
            assert (
                value == view.answers.get(path)
                or contested & {path, ""}
                or any(value == each.get(path) for each in before)
            ), (view.entry, path)


def _ancestors(replica, revision):
    waiting, found = list(revision.parents), set()
    while waiting:
        digest = waiting.pop()
        if digest not in found:
            found.add(digest)
            waiting.extend(replica.revision(digest).parents)
    return found

"""S6: the disk changes what was written; it is mended from another copy, or told, and never shown."""

import random
import shutil
from pathlib import Path

import pytest
from faultkit.damage import damage
from faultkit.damaged_home import Examined, Original, held_by
from faultkit.damaged_server import NOW, OriginalServer, false_in, silent_in, silent_in_backup

from server.config import DataFolder
from server.doctor import examine
from server.errors import ServerError
from server.importing import import_bundle
from server.services import open_services
from sync.frames import Frame, FrameKind, scan_frames

HOME_FILES = {
    "database": "client.db",
    "journal": "journal/*.tbj",
    "files": "blobs/*",
    "keys": "keys/*",
    "incarnation": "incarnation",
    "control": "control.json",
}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    made = Original(folder)
    (folder / "home" / "control.json").write_text('{"port": 1, "key": "00"}')
    return made


def cases(budget, name, paths, short, full):
    """Yield what to damage, and by what chance."""
    for number in range(budget.of(short, full)):
        chance = budget.chance("damage", name, number)
        yield number, chance, chance.choice(paths)


@pytest.mark.parametrize("name", HOME_FILES)
def test_what_the_disk_changed_of_a_home_is_mended_or_told(
    name, original, cheap_folder, budget, counts
):
    paths = sorted((original.folder / "home").glob(HOME_FILES[name]))
    weight = {"database": 8, "journal": 3}.get(name, 1)
    for number, chance, path in cases(budget, name, paths, 15 * weight, 800 * weight):
        place = cheap_folder / str(number)
        original.copy(place)
        done = damage(place / "home" / path.relative_to(original.folder / "home"), chance)
        if done is not None:
            counts.add(f"damaged files of a home ({name})")
            examined = Examined(original, place)
            assert (examined.false, examined.silent, done) == ([], [], done)
        shutil.rmtree(place)


SERVER_FILES = {
    "log": "data/log.db",
    "wal": "data/log.db-wal",
    "files": "data/blobs/??/*",
    "parts": "data/blobs/incoming/*",
    "audit": "data/audit.db",
    "keys": "data/keys/*",
}
BACKUP_FILES = {
    "packs": "backup/packs/*",
    "state": "backup/state/*",
    "keys": "backup/keys/*",
    "manifest": "backup/*.json",
    "files": "backup/blobs/**/*",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    return OriginalServer(tmp_path_factory.mktemp("server"), random.Random(6))


def test_nothing_is_told_or_missing_where_nothing_is_damaged(original, server, cheap_folder):
    original.copy(cheap_folder)
    examined = Examined(original, cheap_folder)
    assert (examined.false, examined.silent, examined.told) == ([], [], set())
    shutil.rmtree(cheap_folder / "data")
    server.copy(cheap_folder / "server")
    folder = DataFolder(cheap_folder / "server" / "data")
    with open_services(folder):
        pass

    assert examine(folder, cheap_folder / "server" / "backup", NOW, may_mend=False).is_sound
    assert server.promises.broken_by(folder.path) == []
    assert false_in(server, cheap_folder / "server") == []
    assert silent_in_backup(server, cheap_folder / "server") == []


def copies(name, pattern, server, cheap_folder, budget, often):
    """Yield copies of the server in which a file was damaged, with what was done."""
    kept = server.folder / "kept"
    paths = sorted(path for path in kept.glob(pattern) if path.is_file())
    assert paths, sorted(str(path.relative_to(kept)) for path in kept.rglob("*"))
    for number, chance, path in cases(budget, name, paths, *often):
        place = cheap_folder / str(number)
        server.copy(place)
        done = damage(place / path.relative_to(kept), chance)
        if done is not None:
            yield place, done
        shutil.rmtree(place)


@pytest.mark.parametrize("name", SERVER_FILES)
def test_what_the_disk_changed_of_a_server_is_told(name, server, cheap_folder, budget, counts):
    often = (30, 3000) if name in {"log", "wal"} else (6, 600)
    for place, done in copies(name, SERVER_FILES[name], server, cheap_folder, budget, often):
        counts.add(f"damaged files of a server ({name})")
        assert (silent_in(server, place), done) == ([], done)
        assert (false_in(server, place), done) == ([], done)


@pytest.mark.parametrize("name", BACKUP_FILES)
def test_what_the_disk_changed_of_a_backup_is_told_when_it_is_restored(
    name, server, cheap_folder, budget, counts
):
    for place, done in copies(name, BACKUP_FILES[name], server, cheap_folder, budget, (6, 600)):
        counts.add(f"damaged files of a backup ({name})")
        assert (silent_in_backup(server, place), done) == ([], done)


def test_a_damaged_bundle_yields_every_intact_frame_and_tells_of_the_others(
    original, cheap_folder, budget, counts
):
    bundle = original.folder / "carried.bundle"
    for number, chance, _ in cases(budget, "bundle", [bundle], 30, 3000):
        place = cheap_folder / str(number)
        original.copy(place)
        carried = Path(shutil.copy(bundle, place))
        done = damage(carried, chance)
        if done is not None:
            counts.add("damaged bundles")
            with original.opened(place) as (office, _):
                assert tells_of_damage(office, carried), done
                intact = signed_in(bundle) & signed_in(carried)
                assert {digest for digest, _ in intact} <= held_by(office), done
        shutil.rmtree(place)


def tells_of_damage(office, bundle):
    """Say whether importing a bundle tells what is wrong with it, or refuses it and says why."""
    try:
        report = import_bundle(office, bundle, None)
    except ServerError as error:
        return bool(error.hint)
    return bool(report["flaws"] or report["missing"])


def signed_in(path):
    """Return the digests of the intact revisions in a bundle, with their signatures."""
    found = scan_frames(path.read_bytes())
    return {
        (frame.digest, frame.signature)
        for frame in found
        if isinstance(frame, Frame) and frame.kind is FrameKind.REVISION
    }

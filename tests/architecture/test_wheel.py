"""The wheel: whole, small, and working in an environment that has nothing else."""

import re
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGES = ("forms", "sync", "client", "server")


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(
        sys.executable,
        *("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(root)),
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel and what the client needs, as the lock file has it."""
    folder = tmp_path_factory.mktemp("clean")
    lock = folder / "client.lock"
    lock.write_text(_part_of_lock(root, _needed("tianbao")), encoding="utf-8")
    venv.create(folder / "venv", with_pip=True)
    python = _program(folder / "venv", "python")
    _run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock))
    _run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    return folder / "venv"


def _program(environment: Path, name: str) -> str:
    folder = environment / ("Scripts" if sys.platform == "win32" else "bin")
    return str(folder / name)


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _needed(name: str, found: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the names of what a distribution needs, without its extras."""
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        wanted = canonicalize_name(requirement.name)
        is_wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if is_wanted and wanted not in found:
            found = _needed(wanted, found | {wanted})
    return found


def _part_of_lock(root: Path, names: frozenset[str]) -> str:
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    releases = re.split(r"\n(?=\S)", lock.strip())
    return "\n".join(text for text in releases if text.partition("==")[0] in names)


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path, root: Path) -> None:
    expected = {
        path.relative_to(root).as_posix()
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }

    inside = set(ZipFile(wheel).namelist())

    assert expected - inside == set()
    assert "server/audit/datasette-metadata.json" in inside


def test_nothing_but_the_packages_is_in_the_wheel(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_an_author_checks_the_sample_forms_with_the_installed_program(
    environment: Path, tmp_path: Path
) -> None:
    python, tianbao = _program(environment, "python"), _program(environment, "tianbao")
    forms = Path(_run(python, "-Ic", "import forms; print(forms.__path__[0])").strip())

    assert forms.is_relative_to(environment)
    _run(tianbao, "form", "check", str(forms / "ordos-2019"), cwd=tmp_path)


def test_an_author_sees_what_is_wrong_with_the_installed_program(
    environment: Path, tmp_path: Path
) -> None:
    form = tmp_path / "form.json"
    form.write_text('{"form_id": "x", "surprise": 1}', encoding="utf-8")

    done = subprocess.run(
        [_program(environment, "tianbao"), "form", "check", str(form)],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 1
    assert "form.json" in done.stdout + done.stderr


@pytest.mark.parametrize("library", ["datasette", "sqlite_utils", "apispec", "pyxform"])
def test_the_client_comes_without_the_servers_dependencies(environment: Path, library: str) -> None:
    code = f"import importlib.util as u; print(u.find_spec({library!r}))"

    assert _run(_program(environment, "python"), "-Ic", code).strip() == "None"


def test_on_a_device_the_servers_program_says_what_is_missing(environment: Path) -> None:
    done = subprocess.run(
        [_program(environment, "tianbao-server"), "members"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 1
    assert "Hint: on a device use `tianbao`" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_of_the_installed_client_shows_its_help(environment: Path) -> None:
    tianbao = _program(environment, "tianbao")

    listed = _run(tianbao, "--help").partition("Commands:\n")[2].partition("\n\n")[0]

    names = re.findall(r"^  ([\w-]+)", listed, re.MULTILINE)
    assert names
    for name in names:
        assert "Usage" in _run(tianbao, name, "--help")

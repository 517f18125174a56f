"""`.ci/system`: installs what the system lacks where it may, else says the one command."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a script for POSIX shells")

Machine = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def machine(root: Path, tmp_path: Path) -> Machine:
    """Run the script on a machine that has these programs alone, each a line of shell."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in ("sh", "touch", "test"):
        (programs / tool).symlink_to(shutil.which(tool) or tool)

    def run(**scripts: str) -> subprocess.CompletedProcess[str]:
        for name, script in scripts.items():
            path = programs / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        return subprocess.run(
            ["sh", str(root / ".ci" / "system"), "python3"],
            env={"PATH": str(programs), "CHROMIUM_PATH": "/bin/sh", "STATE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


OLD_PYTHON = 'case "$2" in *version_info*) exit 1;; esac'
BARE_PYTHON = 'case "$2" in *ensurepip*) test -e "$STATE/python3-venv";; esac'
WHOLE_PYTHON = "exit 0"
APT = 'for package; do :; done; touch "$STATE/$package"'


def test_a_python_that_is_too_old_is_told(machine: Machine) -> None:
    done = machine(python3=OLD_PYTHON)

    assert done.returncode == 1
    assert "Error: " in done.stderr
    assert "3.11" in done.stderr


def test_a_missing_python_is_told(machine: Machine) -> None:
    assert machine().returncode == 1


def test_root_on_debian_gets_what_is_missing(machine: Machine, tmp_path: Path) -> None:
    done = machine(python3=BARE_PYTHON, apt_get=APT, id="echo 0")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "python3-venv").exists()
    assert (tmp_path / "nodejs").exists()


def test_another_account_is_told_the_one_command(machine: Machine, tmp_path: Path) -> None:
    done = machine(python3=BARE_PYTHON, apt_get=APT, id="echo 1000")

    assert done.returncode == 1
    assert "sudo apt-get install --yes --no-install-recommends python3-venv" in done.stderr
    assert not (tmp_path / "python3-venv").exists()


def test_what_is_only_useful_stops_nobody(machine: Machine) -> None:
    done = machine(python3=WHOLE_PYTHON, id="echo 1000")

    assert done.returncode == 0
    assert "nodejs" in done.stderr


def test_a_package_that_cannot_be_had_leaves_the_others(machine: Machine, tmp_path: Path) -> None:
    refuse_node = 'for package; do :; done; test "$package" != nodejs && touch "$STATE/$package"'

    done = machine(python3=BARE_PYTHON, apt_get=refuse_node, id="echo 0")

    assert done.returncode == 0
    assert "nodejs could not be installed" in done.stderr
    assert (tmp_path / "python3-venv").exists()


def test_a_machine_that_has_everything_is_left_alone(machine: Machine) -> None:
    if not Path("/usr/share/fonts/opentype/noto").is_dir():
        pytest.skip("this machine has no Chinese fonts")

    done = machine(
        python3=WHOLE_PYTHON, node="exit 0", strace="exit 0", apt_get="exit 1", id="echo 0"
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

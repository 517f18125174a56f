"""The lock file: every dependency with its hashes, and the name of no host."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAME = re.compile(r"^[A-Za-z0-9._-]+")


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def _wanted(project: dict[str, Any]) -> Iterator[str]:
    yield from project["project"]["dependencies"]
    for extra in project["project"]["optional-dependencies"].values():
        yield from extra
    yield from project["dependency-groups"]["dev"]


def test_it_names_no_host(lock: str) -> None:
    assert "://" not in lock
    assert "--index-url" not in lock
    assert "--find-links" not in lock


def test_every_release_in_it_has_hashes(lock: str) -> None:
    releases = re.split(r"\n(?=\S)", lock.strip())

    assert releases
    assert [text.splitlines()[0] for text in releases if "--hash=sha256:" not in text] == []


def test_every_dependency_is_in_it(lock: str, project: dict[str, Any]) -> None:
    locked = {match[0].lower() for match in map(NAME.match, lock.splitlines()) if match}
    wanted = {match[0].lower() for match in map(NAME.match, _wanted(project)) if match}

    assert wanted - locked == set()


def test_every_dependency_says_why_it_is_there(root: Path, project: dict[str, Any]) -> None:
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    silent = [
        wanted
        for wanted in _wanted(project)
        if not any(f'"{wanted}"' in line and "# " in line for line in lines)
    ]

    assert silent == []

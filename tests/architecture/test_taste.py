"""How the code reads: small modules, small functions, names of things, no loose ends."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

MODULE_LINES = 400
SCRIPT_LINES = 250
FUNCTION_LINES = 50
BANNED_NAMES = {"utils", "helpers", "common", "models", "manager", "constants", "misc"}
LAZY_LOADERS = {"client/cli/__init__.py", "server/cli/__init__.py"}
# A loose end must name the issue that ties it up. (Written apart, or this file would be one.)
LOOSE_END = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b")
EXCEPTION = re.compile(
    r"#\s*(?:noqa(?P<rule>: ?[A-Z]+\d+(?:, ?[A-Z]+\d+)*)?|type: ?ignore(?P<kind>\[[a-z, -]+\])?)"
    r"(?P<reason>.*)"
)


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_module_is_longer_than_400_lines(root: Path, modules: dict[str, ast.Module]) -> None:
    long = {name: _lines(root / name) for name in modules if _lines(root / name) > MODULE_LINES}

    assert long == {}


def test_most_modules_are_short(root: Path, modules: dict[str, ast.Module]) -> None:
    lines = [_lines(root / name) for name in modules]

    assert median(lines) <= 150
    assert quantiles(lines, n=10)[-1] <= 300


def test_functions_are_short(modules: dict[str, ast.Module]) -> None:
    lengths = {
        f"{name}:{node.name}": _length(node)
        for name, tree in modules.items()
        for node in _functions(tree)
    }

    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}
    assert quantiles(lengths.values(), n=10)[-1] <= 25


def test_browser_modules_are_short(scripts: dict[str, str]) -> None:
    lengths = {name: len(text.splitlines()) for name, text in scripts.items()}

    assert {name: length for name, length in lengths.items() if length > SCRIPT_LINES} == {}
    if lengths:
        assert median(lengths.values()) <= 60


def test_browser_modules_are_checked_by_editors(scripts: dict[str, str]) -> None:
    unchecked = [name for name, text in scripts.items() if not text.startswith("// @ts-check")]

    assert unchecked == []


def test_modules_are_named_after_things(modules: dict[str, ast.Module]) -> None:
    banned = [name for name in modules if Path(name).stem in BANNED_NAMES]

    assert banned == []


def test_every_module_says_what_it_is(modules: dict[str, ast.Module]) -> None:
    silent = [name for name, tree in modules.items() if not ast.get_docstring(tree)]

    assert silent == []


def test_nothing_is_imported_inside_a_function(modules: dict[str, ast.Module]) -> None:
    hidden = [
        f"{name}:{inner.lineno}"
        for name, tree in modules.items()
        for node in _functions(tree)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert hidden == []


def test_modules_are_loaded_by_name_in_the_command_loaders_alone(
    modules: dict[str, ast.Module],
) -> None:
    loaders = {
        name
        for name, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
        and getattr(node, "id", getattr(node, "attr", "")) in {"import_module", "__import__"}
    }

    assert loaders <= LAZY_LOADERS


def test_there_is_no_init_file_below_tests(root: Path) -> None:
    assert list((root / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("folder", ["forms", "sync", "client", "server", "tests"])
def test_there_are_no_loose_ends(root: Path, folder: str) -> None:
    loose = [
        f"{path.relative_to(root)}: {line.strip()}"
        for suffix in ("*.py", "*.js", "*.mjs", "*.html", "*.css")
        for path in (root / folder).rglob(suffix)
        for line in path.read_text(encoding="utf-8").splitlines()
        if LOOSE_END.search(line) and not re.search(r"#\d+", line)
    ]

    assert loose == []


def test_every_exception_from_a_rule_has_a_code_and_a_reason(root: Path) -> None:
    bare = [
        f"{path.relative_to(root)}:{number}"
        for folder in ("forms", "sync", "client", "server")
        for path in (root / folder).rglob("*.py")
        for number in _unexplained(path.read_text(encoding="utf-8").splitlines())
    ]

    assert bare == []


def _unexplained(lines: list[str]) -> Iterator[int]:
    """Give the lines with an exception that has no code, or no reason beside it or above."""
    for number, line in enumerate(lines):
        for found in EXCEPTION.finditer(line):
            has_reason = len(found["reason"].strip(" -#")) >= len("why")
            if not (found["rule"] or found["kind"]) or not (
                has_reason or _has_comment_above(lines, number)
            ):
                yield number + 1


def _has_comment_above(lines: list[str], number: int) -> bool:
    above = number - 1
    while above > 0 and EXCEPTION.search(lines[above]):
        above -= 1
    return lines[above].lstrip().startswith("# ")


def test_there_is_one_errors_module_a_package_with_its_tree_drawn(
    root: Path, modules: dict[str, ast.Module]
) -> None:
    for package in ("forms", "sync", "client", "server"):
        assert f"{package}/errors.py" in modules
        docstring = ast.get_docstring(modules[f"{package}/errors.py"]) or ""
        names = re.findall(
            r"^class (\w+Error)\b", (root / package / "errors.py").read_text(), re.MULTILINE
        )
        assert [name for name in names if name not in docstring] == []

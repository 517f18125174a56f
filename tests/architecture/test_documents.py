"""What is written down keeps up with what is there: commands, routes, codes, packages."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

PROGRAMS = {"tianbao": "client.cli", "tianbao-server": "server.cli"}
VERBS = {"get", "post", "put", "patch", "delete", "route"}
CONVERTER = re.compile(r"<\w+(?:\([^)]*\))?:")


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{path} {name} is listed, but not there"
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _every_command() -> Iterator[tuple[str, click.Command]]:
    for program, module in PROGRAMS.items():
        yield from _commands(import_module(module).cli, program)


def _help_of(path: str, command: click.Command) -> str:
    with click.Context(command, info_name=path) as context:
        return command.get_help(context)


def test_every_command_has_help_with_an_example() -> None:
    without = []
    for path, command in _every_command():
        program, _, name = path.partition(" ")
        usage, _, rest = _help_of(path, command).partition("\n")
        example = rf"{program}\b.*\b{re.escape(name)}\b"
        if not command.help or not re.search(example, rest):
            without.append(f"{path} ({usage})")

    assert without == []


def test_every_command_is_named_in_the_readme(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")

    assert [path for path, _ in _every_command() if f"`{path}" not in text] == []


def test_every_option_says_what_it_is_for() -> None:
    silent = [
        f"{path} {parameter.name}"
        for path, command in _every_command()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden and not parameter.help
    ]

    assert silent == []


def _routes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call) or not decorator.args:
                continue
            rule = decorator.args[0]
            is_route = isinstance(decorator.func, ast.Attribute) and decorator.func.attr in VERBS
            if is_route and isinstance(rule, ast.Constant) and isinstance(rule.value, str):
                yield CONVERTER.sub("<", rule.value)


def test_every_route_stands_in_the_docstring_of_its_blueprint(
    modules: dict[str, ast.Module],
) -> None:
    untold = [
        f"{name}: {rule}"
        for name, tree in modules.items()
        if "/web/" in name or "/audit/" in name
        for rule in _routes(tree)
        if rule not in CONVERTER.sub("<", ast.get_docstring(tree) or "")
    ]

    assert untold == []


def _codes(trees: Iterator[ast.Module]) -> set[str]:
    """Find what is given as `code=…`, and what stands in a class as `code = …`."""
    found = set()
    for tree in trees:
        for node in ast.walk(tree):
            value: ast.expr | None = None
            if isinstance(node, ast.keyword) and node.arg == "code":
                value = node.value
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(target, ast.Name) and target.id == "code" for target in targets):
                    value = node.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value.value)
    return found


@pytest.mark.parametrize("package", ["sync", "server"])
def test_every_error_code_is_explained_in_the_readme_of_its_package(
    root: Path, modules: dict[str, ast.Module], package: str
) -> None:
    text = (root / package / "README.md").read_text(encoding="utf-8")
    codes = _codes(tree for name, tree in modules.items() if name.startswith(f"{package}/"))

    assert sorted(code for code in codes if f"`{code}`" not in text) == []


def test_the_codes_of_sync_in_its_readme_all_exist(
    root: Path, modules: dict[str, ast.Module]
) -> None:
    text = (root / "sync" / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Codes")[2].partition("\n## ")[0]
    codes = _codes(tree for name, tree in modules.items() if name.startswith("sync/"))

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == codes


@pytest.mark.parametrize("package", ["forms", "sync", "client", "server"])
def test_every_package_has_a_readme_with_its_decisions(root: Path, package: str) -> None:
    text = (root / package / "README.md").read_text(encoding="utf-8")

    assert "## Decisions" in text


@pytest.mark.parametrize("package", ["forms", "sync", "client", "server"])
def test_the_files_that_a_readme_names_are_there(root: Path, package: str) -> None:
    text = (root / package / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:py|js|css|html))`", text)
    there = {path.relative_to(root / package).as_posix() for path in (root / package).rglob("*")}
    names = {path.rpartition("/")[2] for path in there}

    missing = [
        path
        for path in named
        if path not in there and path not in names and not (root / path).exists()
    ]

    assert missing == []


def test_the_pictures_of_the_readme_are_there(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)

    assert [path for path in pictures if not (root / path).is_file()] == []


def test_the_changelog_tells_of_what_is_coming(root: Path) -> None:
    assert "## Unreleased" in (root / "CHANGELOG.md").read_text(encoding="utf-8")

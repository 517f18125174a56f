"""What each part may touch. The layers themselves are import-linter's, in pyproject.toml."""

import ast
from collections.abc import Iterator

PURE = ("forms/", "sync/")
CLOCKS = {"now", "utcnow", "today"}
POSIX_ONLY = {"fcntl", "grp", "posix", "pwd", "resource", "termios", "pty"}


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def _importers(modules: dict[str, ast.Module], library: str) -> set[str]:
    return {name for name, tree in modules.items() if library in _imports(tree)}


def _calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", ""))


def test_only_the_transport_imports_requests(modules: dict[str, ast.Module]) -> None:
    assert _importers(modules, "requests") <= {"client/transport.py"}


def test_only_the_two_db_modules_import_sqlite3(modules: dict[str, ast.Module]) -> None:
    assert _importers(modules, "sqlite3") <= {"client/db.py", "server/db.py"}


def test_the_views_query_no_store(modules: dict[str, ast.Module]) -> None:
    queries = [
        f"{name}:{node.lineno}"
        for name, tree in modules.items()
        if name.startswith("server/web/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"execute", "readers", "writer"}
    ]

    assert queries == []


def test_client_and_server_never_import_each_other(modules: dict[str, ast.Module]) -> None:
    assert not [name for name in _importers(modules, "server") if name.startswith("client/")]
    assert not [name for name in _importers(modules, "client") if name.startswith("server/")]


def test_forms_and_sync_never_import_each_other_nor_anything_above(
    modules: dict[str, ast.Module],
) -> None:
    above = {"forms": ("sync/",), "sync": ("forms/",), "client": PURE, "server": PURE}
    for package, folders in above.items():
        found = [name for name in _importers(modules, package) if name.startswith(folders)]
        assert found == []


def test_the_pure_packages_read_no_clock(modules: dict[str, ast.Module]) -> None:
    readers = {
        name
        for name, tree in modules.items()
        if name.startswith(PURE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date", "time"}
    }

    assert readers == set()


def test_the_pure_packages_know_no_chance_but_from_a_seed_they_are_given(
    modules: dict[str, ast.Module],
) -> None:
    drawn = [
        f"{name}:{node.lineno}"
        for name, tree in modules.items()
        if name.startswith(PURE)
        for node in ast.walk(tree)
        if _draws(node)
    ]

    assert drawn == []


def _draws(node: ast.AST) -> bool:
    """Say whether a node calls the shared generator, or makes one without a seed."""
    if not isinstance(node, ast.Call):
        return False
    owner = getattr(getattr(node.func, "value", None), "id", "")
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    is_shared = owner in {"random", "uuid"} and name not in {"Random", "UUID"}
    return is_shared or (name == "Random" and not node.args)


def test_the_protocol_opens_no_files(modules: dict[str, ast.Module]) -> None:
    opening = {"open", "read_text", "read_bytes", "write_text", "write_bytes"}
    openers = {
        name
        for name, tree in modules.items()
        if name.startswith("sync/") and opening & set(_calls(tree))
    }

    assert openers == set()


def test_in_the_client_only_the_worker_starts_threads(modules: dict[str, ast.Module]) -> None:
    starters = {
        name
        for name, tree in modules.items()
        if name.startswith("client/")
        and {"Thread", "ThreadPoolExecutor", "Timer"} & set(_calls(tree))
    }

    assert starters <= {"client/worker.py"}


def test_what_runs_on_a_field_computer_runs_on_windows_too(modules: dict[str, ast.Module]) -> None:
    bound = {
        f"{name} imports {library}"
        for library in POSIX_ONLY
        for name in _importers(modules, library)
        if not name.startswith("server/")
    }

    # Guarded, for the one flush that macOS gives by no other name.
    assert bound == {"client/durable.py imports fcntl"}

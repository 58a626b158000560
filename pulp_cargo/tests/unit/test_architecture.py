"""Imports point one way: protocol ← rules ← runtime ← models ← queries ← upstream ← services ← edges."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2]

# Lowest first; a module imports from its own layer or from lower ones.
LAYERS = (
    ("protocol",),
    ("rules",),
    ("app.runtime",),
    ("app.notices",),
    ("app.models", "app.settings"),
    ("app.queries",),
    ("app.upstream",),
    ("app.services",),
    ("app.tasks",),
    ("app.access", "app.serializers"),
    ("app.endpoints", "app.viewsets", "app.management"),
    ("app",),
)
# The features, lowest first: one never imports a higher one.
FEATURES = (
    ("tokens", "crates", "policies"),
    ("setup", "imports", "publish"),
    ("sync", "downloads"),
    ("cache",),
    ("lock_file",),
)
EDGES = ("app.endpoints", "app.viewsets", "app.management")
PURE = ("protocol", "rules")
FRAMEWORKS = {"django", "rest_framework", "pulpcore", "aiohttp", "asgiref", "psycopg"}
# What is not in pulpcore's plugin API may be imported here only.
ADAPTERS = {"app.models.core", "app.endpoints.http.core"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the product below `pulp_cargo`, by its dotted name there."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] != "tests" and "migrations" not in parts:
            yield ".".join(parts).removesuffix("__init__").strip("."), ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[str]:
    """The dotted names of the modules (and of names that may be modules) that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(name: str) -> int | None:
    """The rank of a module, None for one that belongs to no layer."""
    for rank, places in enumerate(LAYERS):
        if any(name == place or name.startswith(f"{place}.") for place in places):
            return rank
    return None


def inner_imports() -> Iterator[tuple[str, str]]:
    """Every import of one of our modules by another, by their names below `pulp_cargo`."""
    for name, tree in modules():
        for target in imports(tree):
            if target.startswith("pulp_cargo."):
                yield name, target.removeprefix("pulp_cargo.")


def test_the_tables_here_name_what_is_there() -> None:
    """A place that was renamed would be watched by nobody."""
    there = {name for name, _ in modules()}
    named = {place for places in LAYERS for place in places} | {*EDGES, *PURE, *ADAPTERS, "serve"}
    assert named <= there


def test_no_module_imports_from_a_higher_layer() -> None:
    """What a registry must do never depends on how it is reached."""
    wrong = []
    for name, target in inner_imports():
        own, other = layer(name), layer(target)
        if own is not None and other is not None and other > own:
            wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_no_feature_imports_a_higher_one() -> None:
    """Whoever changes one has to know those below it, and no others."""
    ranks = {name: rank for rank, names in enumerate(FEATURES) for name in names}
    there = {name.split(".")[2] for name, _ in modules() if name.startswith("app.services.")}
    assert there == set(ranks)
    wrong = []
    for name, target in inner_imports():
        if name.startswith("app.services.") and target.startswith("app.services."):
            mine, other = name.split(".")[2], target.split(".")[2]
            if mine != other and ranks[other] >= ranks[mine]:
                wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_no_edge_imports_another_edge() -> None:
    """What two edges share goes down into a service."""
    wrong = []
    for name, target in inner_imports():
        mine = next((edge for edge in EDGES if name.startswith(edge)), None)
        if mine and any(target.startswith(edge) for edge in EDGES if edge != mine):
            wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_protocol_and_rules_know_no_framework() -> None:
    """They can be read, used and tested without Django, a database or an event loop."""
    wrong = [
        f"{name} imports {target}"
        for name, tree in modules()
        if name.startswith(PURE)
        for target in imports(tree)
        if target.split(".")[0] in FRAMEWORKS
    ]
    assert wrong == []


def test_serve_imports_nothing_of_the_plugin() -> None:
    """The launcher starts Pulp as processes and must work before Django does."""
    wrong = [
        f"{name} imports {target}"
        for name, target in inner_imports()
        if name.startswith("serve") and not target.startswith("serve")
    ]
    assert wrong == []


def test_only_the_adapters_reach_past_the_plugin_api() -> None:
    """A change of core's insides shows in two modules and nowhere else."""
    wrong = [
        f"{name} imports {target}"
        for name, tree in modules()
        if name not in ADAPTERS and name.startswith("app")
        for target in imports(tree)
        if target.startswith("pulpcore.") and not target.startswith("pulpcore.plugin")
    ]
    assert wrong == []


def test_only_the_adapters_name_what_is_inside_pulpcore() -> None:
    """Neither in a string, which no import would show."""
    wrong = [
        f"{name} names {node.value}"
        for name, tree in modules()
        if name not in ADAPTERS and name.startswith("app")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and str(node.value).startswith("pulpcore.app.")
    ]
    assert wrong == []


def test_what_is_unpacked_has_a_limit() -> None:
    """A few bytes may be gigabytes: nothing is unpacked by a function that knows no limit."""
    wrong = [
        f"{name} calls {ast.unparse(node)}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "decompress"
        and len(node.args) < 2
        and not any(keyword.arg == "max_length" for keyword in node.keywords)
    ]
    assert wrong == []


def test_every_module_says_what_it_is_for() -> None:
    """A module with anything in it begins with a docstring, but for the plugin itself."""
    silent = [name for name, tree in modules() if tree.body and not ast.get_docstring(tree)]
    assert silent == [""]

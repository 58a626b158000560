"""Imports point one way: protocol ← rules ← runtime ← models ← queries ← upstream ← services ← edges."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

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
    ("app.accounts", "app.authentication", "app.endpoints", "app.viewsets", "app.management"),
    ("app",),
)
# The features, lowest first: one never imports a higher one.
FEATURES = (
    (
        "tokens",
        "own_tokens",
        "owners",
        "version_labels",
        "crates",
        "policies",
        "statistics",
        "repository_use",
    ),
    ("catalog", "closure", "exports", "setup", "upstream_list", "imports", "publish", "snapshots"),
    ("bundles", "sync", "fetch"),
    ("cache", "upstream_search"),
    ("lock_file", "process"),
)
EDGES = (
    "app.accounts",
    "app.authentication",
    "app.endpoints",
    "app.viewsets",
    "app.management",
)
PURE = ("protocol", "rules")
FRAMEWORKS = {"django", "rest_framework", "pulpcore", "aiohttp", "asgiref", "psycopg"}
# What is not in pulpcore's plugin API may be imported here only.
ADAPTERS = {"app.models.core", "app.endpoints.http.core"}
# Attributes with an underscore that are meant for others: Django's, Pulp's for plugins, those of named
# tuples, of the environment and of the system, and what a serializer notes on a unit.
DJANGO, PULP = {"_meta", "_state"}, {"_artifacts", "_pulp_domain"}
FOR_OTHERS = {*DJANGO, *PULP, "_replace", "_Environ", "_exit", "_read_entry"}
# Where core's tables may be named in SQL: the tables' own layer, the queries, and these.
SQL_LAYERS = ("app.models.", "app.queries.")
SQL_ELSEWHERE = {
    "app.services.cache.index_store": "locks the remote's row in the statement that writes",
    "app.services.crates.artifacts": "asks for many files in one statement",
    "app.services.crates.save_crates": "links many files to their units in one statement",
    "app.services.sync.replaced": "compares what is stored with the temporary table of a listing",
    "app.services.sync.files": "fills in the files of what is in the temporary table of a listing",
    "app.services.sync.mirrored_units": "fills tables from the temporary ones of an index",
    "app.services.sync.listing_units": "fills tables from the temporary one of a listing",
    "app.services.sync.version": "compares whole tables with the temporary one of a listing",
    "serve.database": "frees the tasks of dead processes, before Django is there",
}
# Modules of a layer that name one of a higher layer in a string, which no import shows.
NAMED_IN_STRINGS = {
    ("app.services.snapshots.request", "app.tasks.snapshot.make_snapshot"): "tasks call services",
    ("app.settings", "app.authentication.api_tokens.CargoTokenAuthentication"): "DRF loads it",
}
# What belongs to serializers and edges, and the modules below them that use it.
WEB = ("rest_framework", "django.http", "aiohttp.web", "pulpcore.plugin.viewsets")
WEB_ELSEWHERE = {
    "app.services.own_tokens": "applies the rules of the tokens' viewset, so that none exists twice",
    "app.models.core": "hands on what core has and its plugin API lacks",
}
WRITES = re.compile(r"\b(INSERT INTO|DELETE FROM|UPDATE \w+( \w+)? SET|VACUUM|FOR UPDATE)\b")
WRITING_CALLS = {"save", "create", "delete", "bulk_create", "bulk_update", "get_or_create", "touch"}
DECLARATION = "app.models.core_columns"
CATCH_ALL = ("Exception", "BaseException")
CLOCK = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today)$")
CORE_TABLE = re.compile(r"\bcore_[a-z]+\b")


@pytest.fixture(scope="module", autouse=True)
def forget() -> Iterator[None]:
    """Keep the parsed modules for the tests of this file only."""
    yield
    for known in (modules, nodes, imports):
        known.cache_clear()


@cache
def modules() -> list[tuple[str, ast.Module]]:
    """Every module of the product below `pulp_cargo`, by its dotted name there."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] != "tests" and "migrations" not in parts:
            name = ".".join(parts).removesuffix("__init__").strip(".")
            found.append((name, ast.parse(path.read_text())))
    return found


@cache
def nodes(tree: ast.Module) -> list[ast.AST]:
    """Every node of a module."""
    return list(ast.walk(tree))


@cache
def imports(tree: ast.Module) -> list[str]:
    """The dotted names of the modules (and of names that may be modules) that a module imports."""
    found: list[str] = []
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, "imports are absolute"
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return found


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


def own_names(tree: ast.Module) -> set[str]:
    """The names that a module gives to functions, methods and attributes."""
    names = set[str]()
    for node in nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if ast.unparse(node.value) == "self":
                names.add(node.attr)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def statements(tree: ast.Module) -> Iterator[str]:
    """The strings of a module that may be SQL: those with spaces that are no docstrings."""
    words = {
        id(node.value)
        for node in nodes(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in nodes(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in words else None
        if isinstance(text, str) and " " in text:
            yield text


def calls(tree: ast.Module) -> Iterator[str]:
    """The names of the methods that a module calls."""
    for node in nodes(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def declared_tables(tree: ast.Module) -> set[str]:
    """The keys of the table of columns, which cannot be imported without Django."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "COLUMNS":
            assert isinstance(node.value, ast.Dict)
            return {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
    raise AssertionError("there is no table of columns")


def test_the_tables_here_name_what_is_there() -> None:
    """A place that was renamed would be watched by nobody."""
    there = {name for name, _ in modules()}
    named = {place for places in LAYERS for place in places} | {*EDGES, *PURE, *ADAPTERS, "serve"}
    named |= {*SQL_ELSEWHERE, DECLARATION}
    assert named <= there


def test_no_module_imports_from_a_higher_layer() -> None:
    """What a registry must do never depends on how it is reached."""
    wrong = []
    for name, target in inner_imports():
        own, other = layer(name), layer(target)
        if own is not None and other is not None and other > own:
            wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_no_string_names_a_higher_layer() -> None:
    """A task or a class that is loaded by its name is an import as well."""
    found = {
        (name, node.value.removeprefix("pulp_cargo."))
        for name, tree in modules()
        for node in nodes(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(r"pulp_cargo(\.\w+)+", node.value)
    }
    ranks = {pair: (layer(pair[0]), layer(pair[1])) for pair in found}
    higher = {
        pair
        for pair, (own, other) in ranks.items()
        if own is not None and other is not None and other > own
    }
    assert higher == set(NAMED_IN_STRINGS)


def test_only_serializers_and_edges_know_requests() -> None:
    """What services decide does not depend on how they are called."""
    lowest = next(rank for rank, places in enumerate(LAYERS) if "app.serializers" in places)
    found = {
        name
        for name, tree in modules()
        if (rank := layer(name)) is not None and rank < lowest
        for target in imports(tree)
        if target.startswith(WEB)
    }
    assert found == set(WEB_ELSEWHERE)


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
        # The API starts tasks, the content app does not know them.
        others = [*(edge for edge in EDGES if edge != mine)]
        others += ["app.tasks"] if mine == "app.endpoints" else []
        if mine and any(target.startswith(edge) for edge in others):
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


def test_protocol_and_rules_read_no_clock() -> None:
    """Whoever calls them says what time it is, so a test can choose it."""
    wrong = [
        f"{name} has {ast.unparse(node)}"
        for name, tree in modules()
        if name.startswith(PURE)
        for node in nodes(tree)
        if (isinstance(node, ast.Attribute) and CLOCK.search(ast.unparse(node)))
        or (isinstance(node, ast.Import) and any(alias.name == "time" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "time")
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
        for node in nodes(tree)
        if isinstance(node, ast.Constant) and str(node.value).startswith("pulpcore.app.")
    ]
    assert wrong == []


def test_only_the_adapters_use_what_others_keep_to_themselves() -> None:
    """An attribute with an underscore may be gone with the next release, without a word.

    Of an object of the same module it is our own; what `super()` has is always somebody else's.
    """
    wrong = [
        f"{name} uses {ast.unparse(node)}"
        for name, tree in modules()
        if name not in ADAPTERS
        for own in [own_names(tree)]
        for node in nodes(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in FOR_OTHERS
        and (node.attr not in own or ast.unparse(node.value) == "super()")
    ]
    assert wrong == []


def test_only_few_modules_name_tables_of_core() -> None:
    """Who looks for what a change of a table breaks, has these to look at."""
    found = {
        name
        for name, tree in modules()
        if any(CORE_TABLE.search(text) for text in statements(tree))
    }
    assert {name for name in found if not name.startswith(SQL_LAYERS)} == set(SQL_ELSEWHERE)


def test_every_table_of_core_in_our_statements_is_declared() -> None:
    """Those that are declared are looked at when Pulp starts."""
    named = {
        table
        for name, tree in modules()
        if name != DECLARATION
        for text in statements(tree)
        for table in CORE_TABLE.findall(text)
    }
    (declared,) = (declared_tables(tree) for name, tree in modules() if name == DECLARATION)
    assert named == declared


def test_queries_only_read() -> None:
    """Whoever reads may do so anywhere: in a reader's thread, or again after a lost connection."""
    wrong = [
        f"{name} has {text}"
        for name, tree in modules()
        if name.startswith("app.queries")
        for text in (*statements(tree), *calls(tree))
        if WRITES.search(text) or text in WRITING_CALLS
    ]
    assert wrong == []


def test_what_is_unpacked_has_a_limit() -> None:
    """A few bytes may be gigabytes: nothing is unpacked by a function that knows no limit."""
    wrong = [
        f"{name} calls {ast.unparse(node)}"
        for name, tree in modules()
        for node in nodes(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "decompress"
        and len(node.args) < 2
        and not any(keyword.arg == "max_length" for keyword in node.keywords)
    ]
    assert wrong == []


def test_conditional_requests_are_answered_in_one_place() -> None:
    """Lists of tags, weak tags and `*` are compared there, and the headers of a 304 chosen."""
    found = {
        name
        for name, tree in modules()
        for node in nodes(tree)
        if isinstance(node, ast.Call) and name.startswith("app.")
        for keyword in node.keywords
        if keyword.arg == "status" and ast.unparse(keyword.value) == "304"
    }
    assert found == {"app.endpoints.http.responses"}


def test_catching_every_error_has_a_reason() -> None:
    """A handler for `Exception` hides mistakes, too, so a comment says why it must catch all."""
    wrong = []
    for path in sorted(PACKAGE.joinpath("app").rglob("*.py")):
        lines = path.read_text().splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.ExceptHandler):
                kind = "everything" if node.type is None else ast.unparse(node.type)
                reason = lines[node.lineno].strip()
                if kind in ("everything", *CATCH_ALL) and not reason.startswith("#"):
                    wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert wrong == []


def test_every_module_says_what_it_is_for() -> None:
    """A module with anything in it begins with a docstring, but for the plugin itself."""
    silent = [name for name, tree in modules() if tree.body and not ast.get_docstring(tree)]
    assert silent == [""]

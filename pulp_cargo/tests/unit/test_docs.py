"""The reference pages say what the code says, and links lead somewhere."""

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_cargo.serve.options import parse_options

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
APP = ROOT / "pulp_cargo" / "app"
ARCHITECTURE = DOCS / "dev" / "architecture.md"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def rows(page: Path, columns: int) -> Iterator[list[str]]:
    """Go through the rows of the first table of a page, without its head."""
    lines = [line for line in page.read_text().splitlines() if line.startswith("|")]
    for line in lines[2:]:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        if len(cells) != columns:
            return
        yield cells


def test_every_setting_is_documented_with_its_default() -> None:
    """The table has the settings of the plugin in the order of the module, and no others."""
    code = {
        name: value
        for name, value in runpy.run_path(str(APP / "settings.py")).items()
        if name.startswith("CARGO_")
    }
    table = rows(DOCS / "admin" / "reference" / "settings.md", columns=3)
    documented = {
        name.strip("`"): ast.literal_eval(default.strip("`")) for name, default, _ in table
    }
    assert list(documented.items())[: len(code)] == list(code.items())
    assert not {name for name in documented if name.startswith("CARGO_")} - set(code)


def test_every_endpoint_is_documented() -> None:
    """The table has the routes of a registry, in the form `{name}`."""
    table = rows(DOCS / "user" / "reference" / "endpoints.md", columns=4)
    documented = {(method, path.strip("`")) for method, path, _, _ in table}
    named = {
        ("GET", "the index path of a crate, such as `se/rd/serde"): ("GET", "(?!api/)[^/]+/.+"),
        ("GET", "the registry's URL itself"): ("GET", ""),
        ("GET", "the URL of one of these pages with a final slash"): (
            "GET",
            "(search|changes|(crates|keywords|categories)/.*[^/])/",
        ),
    }
    assert {named.get(route, route) for route in documented} == set(_routes())


def test_only_index_paths_begin_with_one_or_two_letters() -> None:
    """Such a path is compared with the last route only (see `front/routes`)."""
    *others, index = [path for _, path in _routes()]
    assert index == "(?!api/)[^/]+/.+"
    assert not [path for path in others if path.find("/") in (1, 2)]


def test_page_for_probes_is_documented() -> None:
    """It is above the registries, so it has no row in the table."""
    content = (APP / "content.py").read_text()
    (root,) = re.findall(r'^ROOT = "(.*)"$', content, re.MULTILINE)
    assert 'app.router.add_route("*", ROOT, get_health)' in content
    for page in ("user/reference/endpoints.md", "admin/guides/monitoring.md"):
        assert f"{root}` " in (DOCS / page).read_text()


def _routes() -> Iterator[tuple[str, str]]:
    """Read the table ROUTES from its source; to import it, the whole of Pulp has to be set up."""
    module = ast.parse((APP / "endpoints" / "front" / "routes.py").read_text())
    names = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    table = names["ROUTES"]
    assert isinstance(table, ast.Tuple)
    for route in table.elts:
        assert isinstance(route, ast.Call)
        yield _text(route.args[0], names), _text(route.args[1], names)


def _text(node: ast.expr, names: dict[str, ast.expr]) -> str:
    """Return a string that is written out, named, glued together, or compiled."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return _text(names[name], names)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left, names) + _text(right, names)
        case ast.Call(args=[pattern]):
            return _text(pattern, names)
    raise AssertionError(ast.dump(node))


def test_every_option_of_serve_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """The table has the options that `pulp-cargo serve --help` prints."""
    with pytest.raises(SystemExit):
        parse_options(["serve", "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    table = rows(DOCS / "admin" / "guides" / "embedded.md", columns=3)
    assert {option.strip("`").split()[0] for option, _, _ in table} == known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """A link names a file that is there, and a heading in it where it names one."""
    for link in LINK.findall(page.read_text()):
        path, _, heading = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not heading or heading in _headings(target), link


def _headings(page: Path) -> set[str]:
    """Return the headings of a page as GitHub names them in links."""
    texts = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in texts}


def test_every_page_is_reached_from_the_readme() -> None:
    """No page is an island."""
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in LINK.findall(page.read_text()):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                waiting.append(target)
    assert set(PAGES) - reached - set((ROOT / "CHANGES").rglob("*.md")) == set()


@pytest.mark.parametrize("folder", ["user", "admin"])
def test_every_page_is_in_its_index(folder: str) -> None:
    """Whoever comes by the index of a folder finds all that is in the folder."""
    index = DOCS / folder / "index.md"
    listed = {(index.parent / link).resolve() for link in LINK.findall(index.read_text())}
    assert set((DOCS / folder).rglob("*.md")) - listed == {index}


# Names on PyPI that are ours, or those of well-known projects.
KNOWN_PACKAGES = {"uvloop", "pulpcore[s3]", "--upgrade", "--quiet"}
INSTALL = re.compile(r"\b(?:pip|pipx|uv pip|uv tool|uv) (?:install|add|run)\b([^`\n|;&]*)")
# A path in or to a clone: `.`, `./…`, `../…`, or one that begins with a variable or at the root.
PATH = re.compile(r"(?:\.{1,2}(?:/.*|\[.*)?|\$\{?[A-Z]+\}?/?.*|/.*)")


def test_nothing_tells_people_to_install_names_that_nobody_has_claimed() -> None:
    """Anybody could claim `pulp-cargo` on a package index, and own who follows the instruction."""
    sources = [path for path in ROOT.rglob("*.py") if "tests" not in path.parts]
    texts = [*PAGES, *sources, *(DOCS.rglob("*.service")), *(DOCS.rglob("*.y*ml"))]
    told = {
        (str(path.relative_to(ROOT)), name)
        for path in texts
        if not {".venv", ".venv-next"} & set(path.parts)
        for found in INSTALL.finditer(path.read_text())
        for name in re.findall(r"[^\s'\"]+", found[1])
    }
    # These are told, so the expression finds what is in the documents.
    assert ("docs/user/reference/cli.md", "./pulp-glue-cargo") in told
    assert len(told) >= 8
    unknown = {
        (path, name)
        for path, name in told
        if not PATH.fullmatch(name) and name not in KNOWN_PACKAGES
    }
    assert unknown == set()


def test_architecture_is_short() -> None:
    """A long page would not be read to its end."""
    assert len(ARCHITECTURE.read_text().splitlines()) <= 150


def test_the_modules_and_functions_that_the_architecture_names_exist() -> None:
    """A reader finds each where the page says: `front/routes` is a module below one of that name."""
    named = re.findall(r"`(\w+(?:/\w+)+)(?:\.(\w+))?`", ARCHITECTURE.read_text())
    assert ("services/cache/download", "locate") in named
    files = {path.relative_to(ROOT): path for path in (ROOT / "pulp_cargo").rglob("*")}
    wrong = []
    for module, name in named:
        found = [path for path in files if f"/{path.with_suffix('')}".endswith(f"/{module}")]
        if name and name not in ("py", "md"):
            defined = re.compile(rf"^ *(async def|def|class) {name}\b", re.M)
            found = [path for path in found if defined.search(files[path].read_text())]
        if not found:
            wrong.append((module, name))
    assert wrong == []


def test_architecture_lists_the_features_with_what_they_import() -> None:
    """The table has each feature once, with exactly the lower features on which it depends."""
    services = APP / "services"
    imported: dict[str, set[str]] = {}
    for path in services.rglob("*.py"):
        feature = path.relative_to(services).parts[0].removesuffix(".py")
        found = re.findall(r"from pulp_cargo\.app\.services(?:\.| import )(\w+)", path.read_text())
        imported.setdefault(feature, set()).update(set(found) - {feature})
    del imported["__init__"]
    named: dict[str, set[str]] = {}
    for features, does, imports in rows(ARCHITECTURE, columns=3):
        # Features of one row are listed with all that one of them imports.
        for feature in re.findall(r"`(\w+)/?`", features):
            assert feature not in named
            named[feature] = set(re.findall(r"`(\w+)`", imports)) & imported[feature]
            modules = re.findall(r"`([a-z_]+)`", does)
            assert all((services / feature / f"{module}.py").exists() for module in modules)
        together = set().union(*(imported[one] for one in re.findall(r"`(\w+)/?`", features)))
        assert set(re.findall(r"`(\w+)`", imports)) == together
    assert named == imported

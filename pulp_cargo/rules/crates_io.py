"""The rules of crates.io that cargo does not need, for registries that enable them.

They are the checks of crates.io at a publish (Cargo Book, Publishing on crates.io). The slugs
in categories.txt are those of https://crates.io/category_slugs.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache
from importlib import resources

from pulp_cargo.protocol.errors import InvalidLicense, InvalidName
from pulp_cargo.protocol.features import parse_feature_value
from pulp_cargo.protocol.manifest import Manifest
from pulp_cargo.protocol.names import COMPILER_NAMES, canonical_name, parse_dependency_name
from pulp_cargo.protocol.registry_url import CRATES_IO, same_registry
from pulp_cargo.protocol.urls import split_url
from pulp_cargo.rules.policies.licenses import parse_license

MAX_DESCRIPTION_BYTES = 1000
MAX_KEYWORDS = 5
MAX_KEYWORD_BYTES = 20
MAX_CATEGORIES = 5
MAX_DEPENDENCIES = 500
MAX_FEATURES = 300

_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*")
_ANY_SPACE = re.compile(r"\s")


def complaints(manifest: Manifest, *, own_urls: Collection[str] = ()) -> list[str]:
    """Return a message for each rule of crates.io that a manifest breaks.

    `own_urls` are the index URLs of the registry that the crate is for.
    """
    return [
        *_name(manifest),
        *_texts(manifest),
        *_license(manifest),
        *_urls(manifest),
        *_keywords(manifest),
        *_categories(manifest),
        *_dependencies(manifest, own_urls),
        *_features(manifest),
    ]


def _name(manifest: Manifest) -> Iterator[str]:
    if canonical_name(manifest.name) in COMPILER_NAMES:
        yield f"the name `{manifest.name}` belongs to the Rust compiler"


def _texts(manifest: Manifest) -> Iterator[str]:
    if not manifest.description:
        yield "`description` is missing or empty"
    elif (size := len(manifest.description.encode())) > MAX_DESCRIPTION_BYTES:
        yield f"`description` has {size} bytes, more than {MAX_DESCRIPTION_BYTES}"
    if not manifest.license and not manifest.license_file:
        yield "`license` or `license-file` is missing or empty"


def _license(manifest: Manifest) -> Iterator[str]:
    if not manifest.license:
        return
    try:
        parse_license(manifest.license)
    except InvalidLicense as error:
        yield str(error)


def _urls(manifest: Manifest) -> Iterator[str]:
    for field in ("homepage", "documentation", "repository"):
        url: str | None = getattr(manifest, field)
        if url is not None and not _is_web_url(url):
            yield f"`{field}` is {url!r}, which is not an http or https URL"


def _is_web_url(url: str) -> bool:
    try:
        parts = split_url(url)
        _ = parts.port
    except ValueError:
        return False
    is_web = url.startswith(("http://", "https://"))
    return is_web and bool(parts.hostname) and not _ANY_SPACE.search(parts.netloc)


def _keywords(manifest: Manifest) -> Iterator[str]:
    if len(manifest.keywords) > MAX_KEYWORDS:
        yield f"there are {len(manifest.keywords)} keywords, more than {MAX_KEYWORDS}"
    for keyword in manifest.keywords[:MAX_KEYWORDS]:
        if len(keyword.encode()) > MAX_KEYWORD_BYTES:
            yield f"the keyword {keyword!r} is longer than {MAX_KEYWORD_BYTES} bytes"
        elif not _KEYWORD.fullmatch(keyword):
            yield (
                f"the keyword {keyword!r} is not a letter or digit "
                "followed by letters, digits, `_`, `-` and `+`"
            )


def _categories(manifest: Manifest) -> Iterator[str]:
    if len(manifest.categories) > MAX_CATEGORIES:
        yield f"there are {len(manifest.categories)} categories, more than {MAX_CATEGORIES}"
    for category in manifest.categories[:MAX_CATEGORIES]:
        if category.lower() not in known_categories():
            yield f"the category {category!r} is not one of https://crates.io/category_slugs"


@cache
def known_categories() -> frozenset[str]:
    """Return the category slugs of crates.io."""
    file = resources.files("pulp_cargo.rules").joinpath("categories.txt")
    return frozenset(file.read_text("utf-8").split())


def _dependencies(manifest: Manifest, own_urls: Collection[str]) -> Iterator[str]:
    if len(manifest.deps) > MAX_DEPENDENCIES:
        yield f"there are {len(manifest.deps)} dependencies, more than {MAX_DEPENDENCIES}"
    for dep in manifest.deps:
        if dep.req == "*":
            yield f"the dependency `{dep.name}` has the requirement `*`, which any version meets"
        # Nearly always it is one of these URLs as it is written, which is found without parsing any.
        if not dep.registry or dep.registry in own_urls:
            continue
        if not any(same_registry(dep.registry, url) for url in (CRATES_IO, *own_urls)):
            yield f"the dependency `{dep.name}` is from another registry, {dep.registry}"


def _features(manifest: Manifest) -> Iterator[str]:
    if len(manifest.features) > MAX_FEATURES:
        yield f"there are {len(manifest.features)} features, more than {MAX_FEATURES}"
    for name, values in manifest.features.items():
        if len(values) > MAX_FEATURES:
            yield f"the feature `{name}` has {len(values)} values, more than {MAX_FEATURES}"
        for value in values:
            dep = parse_feature_value(value).dep
            if dep is not None:
                yield from _dependency_name(name, dep)


def _dependency_name(feature: str, dep: str) -> Iterator[str]:
    try:
        parse_dependency_name(dep)
    except InvalidName as error:
        yield f"in the feature `{feature}`, {error}"

"""The checks that cargo makes on the features of an index line (Cargo Book, Features).

Cargo silently drops a line that fails them, so the version would be published but invisible.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from pulp_cargo.protocol.errors import InvalidFeatures
from pulp_cargo.protocol.index import Dependency


@dataclass(frozen=True, slots=True)
class FeatureValue:
    """An item of a feature: a feature, an optional dependency, or a feature of a dependency."""

    dep: str | None
    feature: str | None
    weak: bool = False


def parse_feature_value(text: str) -> FeatureValue:
    """Return the parts of a feature value; any text is valid.

    >>> parse_feature_value("serde?/std")
    FeatureValue(dep='serde', feature='std', weak=True)
    """
    dep, slash, feature = text.partition("/")
    if slash:
        return FeatureValue(dep.removesuffix("?"), feature, weak=dep.endswith("?"))
    if text.startswith("dep:"):
        return FeatureValue(text.removeprefix("dep:"), None)
    return FeatureValue(None, text)


def check_features(features: Mapping[str, Iterable[str]], deps: Iterable[Dependency]) -> None:
    """Raise if cargo would refuse the features, or a feature lists itself.

    Values may name dev-dependencies, since cargo looks up dependencies of all kinds by name.
    """
    optional = _optional_by_name(deps)
    parsed = {
        name: [(text, parse_feature_value(text)) for text in values]
        for name, values in features.items()
    }
    listed = {value for values in parsed.values() for _, value in values}
    explicit = {value.dep for value in listed if value.dep is not None and value.feature is None}
    implicit = {name for name, is_optional in optional.items() if is_optional} - explicit
    known = features.keys() | implicit
    for name, values in parsed.items():
        _require_name(name)
        for text, value in values:
            fault = _fault(name, value, optional, known)
            if fault:
                raise InvalidFeatures(f"the feature `{name}` includes `{text}`, {fault}")
    used = {value.dep for value in listed if value.dep is not None}
    for dep in sorted(implicit & features.keys() - used):
        raise InvalidFeatures(
            f"the optional dependency `{dep}` cannot be enabled: no feature includes `dep:{dep}` or"
            f" `{dep}/…`"
        )


def _optional_by_name(deps: Iterable[Dependency]) -> dict[str, bool]:
    optional: dict[str, bool] = {}
    for dep in deps:
        if dep.optional and dep.kind == "dev":
            raise InvalidFeatures(f"the dev-dependency `{dep.name}` must not be optional")
        optional[dep.name] = optional.get(dep.name, False) or dep.optional
    return optional


def _fault(
    name: str, value: FeatureValue, optional: Mapping[str, bool], known: Container[str]
) -> str | None:
    """Return what is wrong with a value of a feature."""
    if value.dep is None:
        return _feature_fault(name, value.feature or "", optional, known)
    if value.feature is not None and "/" in value.feature:
        return "which has more than one slash"
    if value.dep.startswith("dep:"):
        return "which has both `dep:` and a slash: leave out `dep:`"
    if value.dep not in optional:
        return f"but `{value.dep}` is not a dependency"
    if (value.feature is None or value.weak) and not optional[value.dep]:
        return f"but the dependency `{value.dep}` is not optional"
    return None


def _feature_fault(
    name: str, feature: str, optional: Mapping[str, bool], known: Container[str]
) -> str | None:
    if feature == name:
        return "which is the feature itself"
    if feature in known:
        return None
    if feature not in optional:
        return "which is neither a feature nor a dependency"
    if optional[feature]:
        return f"but only `dep:{feature}` enables that dependency"
    return f"but the dependency `{feature}` is not optional"


def _require_name(name: str) -> None:
    # Python's identifiers follow Unicode's XID as cargo's do; cargo allows a few more characters.
    start, rest = name[:1], name[1:]
    legal_start = start.isidentifier() or start in set("0123456789")
    legal_rest = f"_{rest.translate(_ALSO_LEGAL)}".isidentifier()
    if not (legal_start and legal_rest):
        raise InvalidFeatures(
            f"the feature name {name!r} is invalid: it must start with a letter, digit or `_`,"
            " followed by these, `+`, `-` and `.`"
        )


_ALSO_LEGAL = str.maketrans("+-.", "___")

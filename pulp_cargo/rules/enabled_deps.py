"""The dependencies of a version that its enabled features need, as features are enabled.

The rules are those of cargo's resolver (Cargo Book, Features). Each value of a feature is read
once, however often features are added.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from pulp_cargo.protocol.features import FeatureValue, parse_feature_value
from pulp_cargo.protocol.line_deps import LineDep, LineDeps

_Enabled = tuple[LineDep, frozenset[str]]


class EnabledDeps:
    """The dependencies of a version that `counts` admits, with the features to enable of each.

    With `all_features`, optional ones are always enabled, and features are of no importance.
    """

    def __init__(
        self, version: LineDeps, counts: Callable[[LineDep], bool], *, all_features: bool
    ) -> None:
        self._features = version.features
        self._all_features = all_features
        self._deps = [dep for dep in version.deps if counts(dep)]
        self._by_name: dict[str, list[LineDep]] = defaultdict(list)
        for dep in self._deps:
            if not dep.is_dev:
                self._by_name[dep.name].append(dep)
        self._enabled_features: set[str] = set()
        self._enabled_names: set[str] = set()
        self._is_begun = False
        self._has_dev = False

    def enable(self, features: Iterable[str], *, every: bool, dev: bool) -> list[_Enabled]:
        """Enable features, `every` one, or dev-dependencies; return which dependencies that adds.

        A dependency is returned again with other features when these are enabled.
        """
        found: list[_Enabled] = []
        if not self._is_begun:
            self._is_begun = True
            found += self._required()
        if dev and not self._has_dev:
            self._has_dev = True
            found += [(dep, self._requested(dep)) for dep in self._deps if dep.is_dev]
        if not self._all_features:
            optional = (dep.name for dep in self._deps if dep.optional) if every else ()
            found += self._of_features((*features, *(self._features if every else ()), *optional))
        return found

    def _required(self) -> list[_Enabled]:
        """Return the dependencies that need no feature."""
        required = [
            dep for dep in self._deps if not dep.is_dev and (self._all_features or not dep.optional)
        ]
        return [(dep, self._requested(dep)) for dep in required]

    def _requested(self, dep: LineDep) -> frozenset[str]:
        return frozenset() if self._all_features else dep.requested

    def _of_features(self, features: Iterable[str]) -> list[_Enabled]:
        added: dict[str, set[str]] = {}
        queue = list(features)
        while queue:
            feature = queue.pop()
            if feature in self._enabled_features:
                continue
            self._enabled_features.add(feature)
            # An optional dependency is a feature of the same name.
            self._add(FeatureValue(feature, None), added)
            for text in self._features.get(feature, ()):
                value = parse_feature_value(text)
                if value.dep is None:
                    queue.append(value.feature or "")
                    continue
                self._add(value, added)
                if value.feature is not None and value.dep in self._features:
                    queue.append(value.dep)
        return [one for name, found in added.items() for one in self._of_name(name, found)]

    def _add(self, value: FeatureValue, added: dict[str, set[str]]) -> None:
        if value.dep in self._by_name:
            features = added.setdefault(value.dep, set())
            if value.feature is not None:
                features.add(value.feature)

    def _of_name(self, name: str, features: Iterable[str]) -> Iterator[_Enabled]:
        """Yield the dependencies of a name that are new, or for which features are."""
        is_first = name not in self._enabled_names
        self._enabled_names.add(name)
        new = frozenset(features)
        for dep in self._by_name[name]:
            if dep.optional and is_first:
                yield dep, new | dep.requested
            elif new:
                yield dep, new

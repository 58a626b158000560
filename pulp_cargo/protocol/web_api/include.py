"""The parameter `include` of crates.io's web API: which parts a response has."""

from collections.abc import Collection

from pulp_cargo.protocol.errors import InvalidQuery
from pulp_cargo.protocol.web_api.search import Parameters, single


def parse_include(
    parameters: Parameters, known: Collection[str], default: Collection[str] = ()
) -> Collection[str]:
    """Return the parts to include, `default` without the parameter; raises InvalidQuery.

    >>> parse_include({"include": ["versions,"]}, {"versions", "keywords"})
    {'versions'}
    >>> parse_include({}, {"versions"})
    ()
    """
    if "include" not in parameters:
        return default
    include = set(single(parameters, "include").split(",")) - {""}
    if unknown := sorted(include - set(known)):
        raise InvalidQuery(
            f"`include` names {unknown[0]!r}; it may name {', '.join(sorted(known))}"
        )
    return include

"""The versions that an advisory affects."""

from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.policies.advisories import affects, parse_advisory


def split(text: str, versions: str) -> str:
    """Return the versions of a list that an advisory affects."""
    (advisory,) = parse_advisory(text)
    return " ".join(v for v in versions.split() if affects(advisory, parse_version(v)))

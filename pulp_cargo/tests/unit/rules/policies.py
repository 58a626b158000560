"""A moment, and versions to evaluate at it."""

from datetime import UTC, datetime, timedelta

from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.policies.crate_policy import Facts

NOW = datetime(2031, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def facts(
    vers: str = "1.0.0", since: datetime = NOW - 100 * DAY, name: str = "leaf", **known: object
) -> Facts:
    """What is known of a version; unless told otherwise it is old and plain."""
    return Facts(name, parse_version(vers), since, **known)

"""`pulp cargo distribution downloads`."""

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack


def test_downloads_are_listed(stack: Stack, pulp: Pulp, name: str) -> None:
    """By crate, version and day."""
    registry = stack.make_registry()
    for vers in ("1.0.0", "1.1.0"):
        registry.publish(Crate(name, vers))
    for vers in ("1.0.0", "1.1.0", "1.1.0"):
        assert registry.download(name, vers).status == 200
    command = ("distribution", "downloads", registry.name)
    launcher.wait_for(lambda: pulp.cargo(*command) != [])
    (crate,) = pulp.cargo(*command)
    assert (crate["name"], crate["downloads"], crate["recent_downloads"]) == (name, 3, 3)
    versions = pulp.cargo(*command, "--by", "version")
    assert [(one["vers"], one["downloads"]) for one in versions] == [("1.1.0", 2), ("1.0.0", 1)]
    assert len(pulp.cargo(*command, "--by", "version", "--limit", "1", "--offset", "1")) == 1
    days = pulp.cargo(*command, "--by", "day", "--crate", name.upper(), "--vers", "1.0.0")
    assert [(one["vers"], one["downloads"]) for one in days] == [("1.0.0", 1)]
    assert pulp.cargo(*command, "--unused-since", "2026-01-01") == []
    assert pulp.cargo(*command, "--unused-since", "2100-01-01T00:00:00Z") == [crate]


@pytest.mark.parametrize(
    "options", [("--vers", "1.0.0"), ("--by", "day", "--unused-since", "2026-01-01")]
)
def test_options_that_do_not_fit_are_refused(
    stack: Stack, pulp: Pulp, options: tuple[str, ...]
) -> None:
    """A usage error names the option that is needed."""
    registry = stack.make_registry()
    with pytest.raises(PulpFailed, match="requires `--by"):
        pulp.cargo("distribution", "downloads", registry.name, *options)

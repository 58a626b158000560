"""`pulp cargo repository promote` and `check-closure`."""

import pytest

from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack


def test_promote_and_check(stack: Stack, pulp: Pulp) -> None:
    """Lines for people, JSON for programs, and an exit code for scripts."""
    dev, prod = stack.make_registry(), stack.make_registry(allow_uploads=False)
    dev.publish(Crate("lib"))
    dev.publish(Crate("app", deps=[Dep(name="lib")]))
    dev.publish(Crate("broken", deps=[Dep(name="lib", req="^2")]))
    promote = ("cargo", "repository", "promote", prod.name, "--from", dev.name)
    lines = "app 1.0.0\nlib 1.0.0, needed by app 1.0.0\n"
    asked = pulp.run(*promote, "--crate", "app@1.0.0", "--dry-run")
    assert asked.stdout == lines
    assert asked.stderr == "2 versions would be copied, and 0 were there already.\n"
    done = pulp.run(*promote, "--crate", "app@1.0.0")
    assert done.stdout == lines
    assert done.stderr.endswith("2 versions were copied, and 0 were there already.\n")
    again = pulp.run(*promote, "--crate", "app@1.0.0", "--no-closure", "--format", "json")
    assert '"there": 1' in again.stdout
    with pytest.raises(PulpFailed, match="Nothing can be promoted") as failed:
        pulp.run(*promote, "--crate", "broken@1.0.0", "--dry-run")
    assert "error: `broken 1.0.0` needs `lib ^2`" in failed.value.stdout
    with pytest.raises(PulpFailed, match=r"'app' is not NAME@VERSION"):
        pulp.run(*promote, "--crate", "app")

    check = ("cargo", "repository", "check-closure")
    passed = pulp.run(*check, prod.name)
    assert passed.stdout == ""
    assert "\n2 versions checked: all dependencies" in passed.stderr
    assert pulp.run(*check, prod.name, "--crate", "app@1", "--crate", "lib").stdout == ""
    with pytest.raises(PulpFailed, match=r"3 versions checked: 1 dependencies") as failed:
        pulp.run(*check, dev.name)
    line = "lib ^2, needed by broken 1.0.0: no version meets it (there: 1.0.0)"
    assert line in failed.value.stdout
    with pytest.raises(PulpFailed) as failed:
        pulp.run(*check, dev.name, "--crate", "broken@=1.0.0")
    assert "no version meets it" in failed.value.stdout
    with pytest.raises(PulpFailed, match="--features requires --crate"):
        pulp.run(*check, dev.name, "--features", "x")
    deps = [Dep(name="lib", req="^9", optional=True)]
    dev.publish(Crate("opt", deps=deps, features={"x": ["dep:lib"]}))
    opt = (*check, dev.name, "--crate", "opt")
    assert pulp.run(*opt, "--features", "default").stdout == ""
    with pytest.raises(PulpFailed) as failed:
        pulp.run(*opt, "--features", "app/y,opt/x")
    assert "lib ^9, needed by opt 1.0.0" in failed.value.stdout

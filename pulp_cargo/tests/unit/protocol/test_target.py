"""Targets of dependencies: what cargo reads is accepted, what it cannot read is refused."""

import pytest

from pulp_cargo.protocol.errors import InvalidManifest
from pulp_cargo.protocol.target import require_target


@pytest.mark.parametrize(
    "target",
    [
        "x86_64-pc-windows-gnu",
        "thumbv8m.main-none-eabi",
        "cfg(unix)",
        "cfg( unix )",
        "cfg(all())",
        "cfg(any(unix, windows,))",
        'cfg(target_os = "hermit")',
        'cfg(target_os="")',
        'cfg(all(target_arch="wasm32",not(any(target_os = "wasi", unix))))',
        "cfg(not(all))",
        "cfg(r#true)",
        "cfg(" + "not(" * 10 + "unix" + ")" * 10 + ")",
    ],
)
def test_target_that_cargo_reads_is_accepted(target: str) -> None:
    """`target` is `cfg(...)` or a target triple, verbatim."""
    require_target(target)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "x86 64",
        "cfg(unix",
        "cfg()",
        "cfg(unix))",
        "cfg(unix windows)",
        "cfg(not())",
        "cfg(not(unix, windows))",
        "cfg(target_os = hermit)",
        'cfg(target_os "hermit")',
        'cfg("unix")',
        "cfg(all(unix windows))",
        "cfg(all(,))",
        "cfg(1a)",
        "cfg(" + "not(" * 5000 + "unix" + ")" * 5000 + ")",
    ],
)
def test_target_that_cargo_cannot_read_is_refused(target: str) -> None:
    """Unparsable `cfg(`: the whole version is lost to cargo, so a publish refuses it."""
    with pytest.raises(InvalidManifest, match="cfg"):
        require_target(target)

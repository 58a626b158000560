"""Targets of dependencies: what cargo reads is accepted, what it cannot read is refused.

What cargo reads, prints and refuses was written down from its own crate `cargo-platform` 0.3.3.
"""

import pytest

from pulp_cargo.protocol.errors import InvalidManifest
from pulp_cargo.protocol.target import parse_target


def nested(operator: str, levels: int) -> str:
    """Return an expression so deep."""
    return "cfg(" + operator * levels + "unix" + ")" * levels + ")"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("x86_64-pc-windows-gnu", "x86_64-pc-windows-gnu"),
        ("thumbv8m.main-none-eabi", "thumbv8m.main-none-eabi"),
        ("cfg(unix)", "cfg(unix)"),
        ("cfg( unix )", "cfg(unix)"),
        ("cfg(all())", "cfg(all())"),
        ("cfg(any(unix, windows,))", "cfg(any(unix, windows))"),
        ('cfg(target_os = "hermit")', 'cfg(target_os = "hermit")'),
        ('cfg(target_os="hermit")', 'cfg(target_os = "hermit")'),
        ('cfg(target_os="")', 'cfg(target_os = "")'),
        ('cfg(a=")")', 'cfg(a = ")")'),
        (
            'cfg(all(target_arch="wasm32",not(any(target_os = "wasi", unix))))',
            'cfg(all(target_arch = "wasm32", not(any(target_os = "wasi", unix))))',
        ),
        ("cfg(true)", "cfg(true)"),
        ("cfg(r#true)", "cfg(true)"),
        ("cfg(r#all)", "cfg(r#all)"),
        ('cfg(r#not="a")', 'cfg(r#not = "a")'),
        ('cfg(true="a")', 'cfg(true = "a")'),
        ("cfg(r#false)", "cfg(false)"),
        (nested("not(", 64), nested("not(", 64)),
        (nested("all(", 64), nested("all(", 64)),
    ],
)
def test_target_that_cargo_reads_is_printed_as_cargo_prints_it(written: str, printed: str) -> None:
    """`target` is `cfg(...)` or a target triple; crates.io has it in cargo's one form."""
    assert parse_target(written) == printed
    assert parse_target(printed) == printed


@pytest.mark.parametrize(
    "target",
    [
        "",
        "x86 64",
        "x86_64-unknown-linux-gnu ",
        "x86_64-\u00e9",
        "x86_\u0666\u0664-unknown-linux-gnu",
        " cfg(unix)",
        "cfg(unix",
        "cfg()",
        "cfg(unix))",
        "cfg(unix windows)",
        "cfg(\tunix)",
        "cfg(é)",
        "cfg(all)",
        "cfg(not(all))",
        "cfg(not())",
        "cfg(not(unix,))",
        "cfg(not(unix, windows))",
        'cfg(not = "a")',
        "cfg(target_os = hermit)",
        'cfg(target_os "hermit")',
        'cfg("unix")',
        "cfg(all(unix windows))",
        "cfg(all(,))",
        "cfg(1a)",
        "cfg(all=unix))",
        "cfg(not=unix))",
        "cfg(not(unix,)",
        "cfg(all(()",
        "cfg(all(unix()",
        "cfg(all(unix,()",
        nested("not(", 65),
        nested("all(", 65),
        nested("not(", 5000),
        nested("all(", 5000),
    ],
)
def test_target_that_cargo_cannot_read_is_refused(target: str) -> None:
    """Unparsable `cfg(`: the whole version is lost to cargo, so a publish refuses it."""
    with pytest.raises(InvalidManifest, match="cfg") as error:
        parse_target(target)
    shown = target.replace("\t", "\\t")
    assert str(error.value).startswith(f"`{shown}"[:2000])

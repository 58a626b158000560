"""Targets are read and printed as by cargo's own crate `cargo-platform`."""

import pytest
from hypothesis import given

from pulp_cargo.protocol.errors import InvalidManifest
from pulp_cargo.protocol.target import parse_target
from pulp_cargo.tests.functional.oracles.inputs import BATCHES, batches, odd_targets
from pulp_cargo.tests.support.oracle import Oracle

pytestmark = pytest.mark.cargo

ODD = [
    " ",
    "x86_64-pc-windows-gnu",
    "thumbv8m.main-none-eabi",
    "x86_64-pc-windows-gnu ",
    "a b",
    "a/b",
    "a:b",
    "a=b",
    ".",
    "..",
    "-",
    "cfg",
    "cfg()",
    "cfg( )",
    "cfg(",
    "cfg)",
    "cfg(unix",
    "cfg (unix)",
    " cfg(unix)",
    "cfg(unix) ",
    "CFG(unix)",
    "cfg(unix))",
    "cfg((unix))",
    "cfg( unix )",
    "cfg(\tunix)",
    "cfg(unix\n)",
    "cfg(unix,)",
    "cfg(unix, windows)",
    "cfg(unix windows)",
    "cfg(all)",
    "cfg(all())",
    "cfg(all ( ) )",
    "cfg(all(,))",
    "cfg(all(unix,))",
    "cfg(all(unix,,))",
    "cfg(all(,unix))",
    "cfg(any(unix windows))",
    "cfg(not)",
    "cfg(not())",
    "cfg(not(unix,))",
    "cfg(not(unix,windows))",
    "cfg(not unix)",
    'cfg(not = "a")',
    'cfg(all = "a")',
    "cfg(true)",
    "cfg(false)",
    "cfg(true())",
    'cfg(true = "a")',
    "cfg(r#true)",
    "cfg(r#false)",
    'cfg(r#true = "a")',
    "cfg(r#all)",
    "cfg(r#all(unix))",
    'cfg(r#not = "a")',
    "cfg(r#)",
    "cfg(r#r#a)",
    "cfg(r # a)",
    "cfg(r#1)",
    "cfg(r)",
    "cfg(_)",
    "cfg(1a)",
    "cfg(a.b)",
    "cfg(a-b)",
    "cfg(é)",
    "cfg(a\u0301)",
    "cfg(a=)",
    "cfg(a==)",
    'cfg(="a")',
    'cfg("a")',
    'cfg("a"="b")',
    'cfg(a="b"="c")',
    'cfg(a = "")',
    'cfg(a = "b)',
    "cfg(a = 'b')",
    'cfg(a = "\\"")',
    'cfg(a = ")")',
    'cfg(a = "\n")',
    'cfg(a = "é")',
    'cfg(a = r"b")',
    'cfg(a = "b" c)',
    "cfg(a = b)",
    "cfg(a = 1)",
    "cfg(version(1))",
    'cfg(target_feature="a,b")',
    "cfg(" + "not(" * 64 + "unix" + ")" * 64 + ")",
]


def compare(oracle: Oracle, texts: list[str]) -> None:
    for text, printed in zip(texts, oracle.print_targets(texts), strict=True):
        assert (text, ours(text)) == (text, printed)


def ours(text: str) -> str | None:
    try:
        return parse_target(text)
    except InvalidManifest:
        return None


def beyond_ascii(text: str) -> bool:
    """Whether a text is a triple that has characters beyond ASCII."""
    return not text.isascii() and not (text.startswith("cfg(") and text.endswith(")"))


def test_odd_texts_are_targets_where_they_are_to_cargo(oracle: Oracle) -> None:
    """Cargo skips an index line with a target that it cannot read."""
    compare(oracle, ODD)


@BATCHES
@given(texts=batches(odd_targets))
def test_any_text_is_printed_as_by_cargo(oracle: Oracle, texts: list[str]) -> None:
    """crates.io has targets in the one form that cargo prints."""
    compare(oracle, [text for text in texts if not beyond_ascii(text) and text])


@pytest.mark.parametrize("triple", ["x86_64-é", "\u0661", "\u00b2", "\u4e00", "a\u0345"])
def test_triple_beyond_ascii_is_refused_though_cargo_reads_it(oracle: Oracle, triple: str) -> None:
    """No target of rustc has such a name, and Python and Rust each have a Unicode of their own."""
    assert (oracle.print_targets([triple]), ours(triple)) == ([triple], None)


def test_empty_triple_is_refused_though_cargo_reads_it(oracle: Oracle) -> None:
    """It is no target of rustc either, and an index has null where a dependency is for all."""
    assert (oracle.print_targets([""]), ours("")) == ([""], None)


def test_deep_expression_is_refused_though_cargo_reads_it(oracle: Oracle) -> None:
    """Ours nest 64 levels at most, since each level of a recursion costs stack."""
    deep = "cfg(" + "not(" * 65 + "unix" + ")" * 65 + ")"
    assert (oracle.print_targets([deep]), ours(deep)) == ([deep], None)

"""Crate policies as the rules read them, each with the name by which people know it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pulp_cargo.app.models import CargoCratePolicy
from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.rules.policies.crate_policy import CratePolicy, Entry, Exemption, NamedPolicy


def named_policy(row: CargoCratePolicy | None) -> NamedPolicy | None:
    """Return the rules in a row, None where there is none."""
    if row is None:
        return None
    policy = CratePolicy(
        cooldown_days=row.cooldown_days,
        allow=None if row.allow is None else _entries(row.allow),
        block=_entries(row.block),
        exceptions=tuple(_exemption(line) for line in row.exceptions),
        licenses=None if row.licenses is None else frozenset(row.licenses),
        hide_yanked=row.hide_yanked,
        dry_run=row.dry_run,
    )
    return NamedPolicy(row.pk, row.name, policy)


def _entries(lines: Iterable[Mapping[str, Any]]) -> tuple[Entry, ...]:
    return tuple(_entry(line) for line in lines)


def _entry(line: Mapping[str, Any]) -> Entry:
    return Entry(line["crate"], parse_requirement(line["versions"]), line["reason"])


def _exemption(line: Mapping[str, Any]) -> Exemption:
    return Exemption(_entry(line), datetime.fromisoformat(line["ends"]))

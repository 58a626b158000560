"""Crate policies whose lists have null entries, which earlier versions accepted."""

import json
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from pulp_cargo.tests.support.rest import unique

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoCratePolicy

ONE = {"crate": "one", "versions": "*", "reason": ""}
TWO = {"crate": "two", "versions": "1", "reason": "It is the second."}
STORE = (
    "UPDATE cargo_cargocratepolicy SET allow = %s, block = %s, exceptions = %s WHERE pulp_id = %s"
)


@pytest.fixture
def policy(stack: Any) -> "Iterator[CargoCratePolicy]":
    """A policy without rules."""
    from pulp_cargo.app.models import CargoCratePolicy

    made = CargoCratePolicy.objects.create(name=unique("nulls"))
    yield made
    made.delete()


@pytest.mark.parametrize(
    ("stored", "mended"),
    [
        (([None], [None], [None]), ([], [], [])),
        (([TWO, None, ONE, None], [None, ONE], []), ([TWO, ONE], [ONE], [])),
        (([], [TWO, ONE], []), ([], [TWO, ONE], [])),
        ((None, [], []), (None, [], [])),
    ],
)
def test_null_entries_are_removed(
    policy: "CargoCratePolicy", stored: tuple[Any, ...], mended: tuple[Any, ...]
) -> None:
    """By the migration, and nothing else is: an empty list still allows nothing."""
    migration = import_module("pulp_cargo.app.migrations.0029_policies_without_nulls")
    with connection.cursor() as cursor:
        values = [None if one is None else json.dumps(one) for one in stored]
        cursor.execute(STORE, [*values, policy.pk])
        cursor.execute(migration.REMOVE_NULLS)
    policy.refresh_from_db()
    assert (policy.allow, policy.block, policy.exceptions) == mended

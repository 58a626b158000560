"""What makes a first start quick: work that migrations do not repeat."""

import gc
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.migrations.state import StateApps

from pulp_cargo.serve import preload, quick_migrations


@pytest.fixture
def collections() -> Iterator[None]:
    """Leave nothing frozen for other tests."""
    yield
    gc.unfreeze()


def test_loaded_modules_are_out_of_reach_of_collections(collections: None) -> None:
    """Otherwise each full collection during the migrations looks at all of Pulp."""
    preload.load()
    assert gc.get_freeze_count() > 100_000
    assert gc.isenabled()


def test_models_of_migrations_leave_caches_of_installed_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Django asks for each relation of each model whether its target can be swapped."""
    with quick_migrations.cheaper_models():
        assert apps.get_swappable_settings_name("auth.user") == "AUTH_USER_MODEL"
        with monkeypatch.context() as patch:
            patch.setattr(apps, "get_models", None)
            StateApps([], {}).clear_cache()
            assert apps.get_swappable_settings_name("auth.user") == "AUTH_USER_MODEL"

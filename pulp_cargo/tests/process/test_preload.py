"""What makes a first start quick, and each task: work that is not repeated."""

import gc
import os
import threading
from collections.abc import Iterator
from io import StringIO

import pytest
from django.apps import apps
from django.db.migrations.state import StateApps
from django.urls import clear_url_caches, resolvers, reverse

from pulp_cargo.serve import preload, quick_migrations
from pulp_cargo.serve.processes import ForkSpec


@pytest.fixture
def collections() -> Iterator[None]:
    """Begin with nothing frozen, and leave frozen what other tests had frozen, too."""
    gc.unfreeze()
    yield
    gc.freeze()


def test_loaded_modules_are_out_of_reach_of_collections(collections: None) -> None:
    """Otherwise each full collection during the migrations looks at all of Pulp."""
    preload.load()
    assert gc.get_freeze_count() > 100_000
    assert gc.isenabled()


def test_nothing_is_forked_while_another_thread_runs() -> None:
    """It may hold locks, so the launcher starts a process instead."""
    answers, end = StringIO(), threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        spec = ForkSpec("content", (), os.devnull, "/", {}, ())
        preload._start(spec, os.getpid(), answers)
    finally:
        end.set()
        thread.join()
    assert answers.getvalue() == "{}\n"


def test_urls_are_made_without_preparation(
    collections: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each task is a process of its own, in which Django would read all patterns of URLs again."""
    clear_url_caches()
    preload.load()
    monkeypatch.setattr(resolvers, "normalize", None)
    pk = "019a9b1e-0000-7000-8000-000000000000"
    href = f"/pulp/api/v3/repositories/cargo/cargo/{pk}/"
    assert reverse("repositories-cargo/cargo-detail", kwargs={"pk": pk}) == href


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

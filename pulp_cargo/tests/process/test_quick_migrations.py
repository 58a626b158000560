"""What a first start leaves out of its migrations, and what it never does."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models
from django.db.migrations.state import ModelState, ProjectState, StateApps
from django.db.models import Field

from pulp_cargo.serve import quick_migrations

PATCHED = {
    Field: ("clone",),
    ProjectState: ("add_field", "add_model", "alter_field", "reload_model", "rename_field"),
}


def chained(*names: str) -> ProjectState:
    """Return a state in which each model refers to the one before it, and all are built."""
    state, before = ProjectState(), None
    for name in names:
        fields: list[tuple[str, models.Field]] = [
            ("id", models.AutoField(primary_key=True)),
            ("code", models.CharField(max_length=10, unique=True)),
        ]
        if before is not None:
            fields.append(("before", models.ForeignKey(f"a.{before}", models.CASCADE)))
        state.add_model(ModelState("a", name, fields))
        before = name
    assert isinstance(state.apps, StateApps)
    return state


def built(state: ProjectState) -> dict[str, type[models.Model]]:
    """Return the models of a state."""
    return dict(state.apps.all_models["a"])


def rebuilt(state: ProjectState, old: dict[str, type[models.Model]]) -> set[str]:
    """Return which models are others than before."""
    return {name for name, model in built(state).items() if model is not old.get(name)}


@pytest.fixture
def fewer() -> Iterator[None]:
    """Build fewer models."""
    with quick_migrations.fewer_models():
        yield


def test_django_builds_whatever_a_new_relation_leads_to() -> None:
    """This is what is saved below; if Django does not do it any longer, nothing need be saved."""
    state = chained("one", "two", "three", "four")
    old = built(state)
    field = models.ForeignKey("a.three", models.CASCADE, related_name="+", null=True)
    state.add_field("a", "four", "other", field, True)
    assert rebuilt(state, old) == {"one", "two", "three", "four"}


def test_new_relation_builds_what_is_next_to_it(fewer: None) -> None:
    """The model, the one it refers to, and the neighbours of both, but not the far end."""
    state = chained("one", "two", "three", "four")
    old = built(state)
    field = models.ForeignKey("a.three", models.CASCADE, related_name="+", null=True)
    state.add_field("a", "four", "other", field, True)
    assert rebuilt(state, old) == {"two", "three", "four"}
    assert state.is_delayed


def test_new_model_builds_what_is_next_to_it(fewer: None) -> None:
    """Its table refers to the next one, whose columns remain as they are."""
    state = chained("one", "two", "three")
    old = built(state)
    fields = [
        ("id", models.AutoField(primary_key=True)),
        ("before", models.ForeignKey("a.three", models.CASCADE)),
    ]
    state.add_model(ModelState("a", "four", fields))
    assert rebuilt(state, old) == {"two", "three", "four"}
    assert state.is_delayed


def test_attribute_for_python_builds_nothing(fewer: None) -> None:
    """It needs no statement, and is there as soon as Python code of a migration runs."""
    state = chained("one", "two")
    old = built(state)
    field = models.CharField(max_length=10, unique=True, default="x", help_text="new")
    state.alter_field("a", "one", "code", field, True)
    assert rebuilt(state, old) == set()
    state.clear_delayed_apps_cache()
    assert state.apps.get_model("a", "one")._meta.get_field("code").help_text == "new"


@pytest.mark.parametrize(
    "field",
    [
        models.CharField(max_length=20, unique=True),
        models.CharField(max_length=10, unique=True, db_column="other"),
        models.CharField(max_length=10, unique=True, null=True),
    ],
)
def test_other_column_is_built_as_ever(fewer: None, field: models.Field) -> None:
    """The statement for a changed column is made from the new model."""
    state = chained("one")
    old = built(state)
    state.alter_field("a", "one", "code", field, True)
    assert rebuilt(state, old) == {"one"}


def test_other_column_that_is_referred_to_builds_all_as_ever(fewer: None) -> None:
    """The columns of foreign keys to it change, too, and of foreign keys to those."""
    state = chained("one", "two", "three", "four")
    old = built(state)
    state.alter_field("a", "one", "id", models.BigAutoField(primary_key=True), True)
    assert rebuilt(state, old) == {"one", "two", "three", "four"}


def test_renamed_field_is_not_remembered_by_its_old_name() -> None:
    """A rename changes the foreign keys to the field, of which copies have been made."""
    with quick_migrations.cheaper_models():
        state = chained("one")
        to_code = models.ForeignKey("a.one", models.CASCADE, to_field="code")
        fields = [("id", models.AutoField(primary_key=True)), ("before", to_code)]
        state.add_model(ModelState("a", "two", fields))
        state.rename_field("a", "one", "code", "number")
        copied = state.apps.get_model("a", "two")._meta.get_field("before")
    assert copied.to_fields == ["number"]


def test_nothing_of_it_remains_after_the_migrations() -> None:
    """The same process becomes a server, also when a migration has failed."""
    before = [[getattr(owner, name) for name in names] for owner, names in PATCHED.items()]
    with (
        pytest.raises(ZeroDivisionError),
        quick_migrations.cheaper_models(),
        quick_migrations.fewer_models(),
    ):
        raise ZeroDivisionError
    assert before == [[getattr(owner, name) for name in names] for owner, names in PATCHED.items()]
    assert "get_swappable_settings_name" not in vars(apps)

"""Makes migrations quicker, nearly all of whose time Django builds models anew.

After each operation it builds the changed model and all that are related to it, however remotely:
more than 13,000 models in a first start. What is saved here changes no statement for the database.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from functools import cache
from typing import Any

from django.apps import apps
from django.db.migrations.state import ProjectState
from django.db.models import Field, options

# A deconstructed field, and the field itself, since only that keeps its id from being used again.
Deconstructed = tuple[Field, list[Any], dict[str, Any]]


class Reach(Enum):
    """Which models are built anew with a changed one."""

    NONE = auto()
    NEAR = auto()
    ALL = auto()


@contextmanager
def cheaper_models() -> Iterator[None]:
    """Save work that Django repeats for each of the thousands of models that migrations build.

    It asks which installed models can be swapped, and empties the cache of the answers, although
    the installed models do not change. It takes apart each field of a model to copy it, although
    the fields of a state do not change, and finds the words of each name.
    """
    with (
        # The attribute of the object hides the method of the class, which has the cache.
        _replaced(apps, get_swappable_settings_name=cache(apps.get_swappable_settings_name)),
        _replaced(options, camel_case_to_spaces=cache(options.camel_case_to_spaces)),
        _remembered_fields(),
    ):
        yield


@contextmanager
def _remembered_fields() -> Iterator[None]:
    known: dict[int, Deconstructed] = {}
    rename_field = ProjectState.rename_field

    def clone(field: Field) -> Field:
        found = known.get(id(field))
        if found is None:
            _, _, args, kwargs = field.deconstruct()
            found = field, args, kwargs
            # A field inside of another one is copied with it, as a model changes both.
            if not any(isinstance(value, Field) for value in kwargs.values()):
                known[id(field)] = found
        return type(field)(*found[1], **found[2])

    def rename(state: ProjectState, *arguments: Any) -> None:
        # The only operation that changes fields instead of replacing them; it copies them afterwards.
        known.clear()
        rename_field(state, *arguments)

    with _replaced(Field, clone=clone), _replaced(ProjectState, rename_field=rename):
        yield


@contextmanager
def fewer_models() -> Iterator[None]:
    """Build fewer models anew where no column changes that other columns refer to.

    For new models and relations, only those next to the changed model are built, as Django does
    itself for fields that are no relations. For attributes that only Python code knows, none is
    built. Django builds all models of such a state before it runs Python code on them.
    """
    reload_model, alter_field = ProjectState.reload_model, ProjectState.alter_field
    reach = Reach.ALL

    def reload(state: ProjectState, app: str, model: str, delay: bool = False) -> None:
        if reach is Reach.NONE:
            state.is_delayed = True
        else:
            reload_model(state, app, model, delay or reach is Reach.NEAR)

    def within(new_reach: Reach, method: Callable[..., None]) -> Callable[..., None]:
        def run(*arguments: Any) -> None:
            nonlocal reach
            reach = new_reach
            try:
                method(*arguments)
            finally:
                reach = Reach.ALL

        return run

    def alter(
        state: ProjectState, app: str, model: str, name: str, field: Field, keeps_default: bool
    ) -> None:
        old = state.models[app, model].fields[name]
        needed = Reach.NONE if _column(old) == _column(field) else Reach.ALL
        within(needed, alter_field)(state, app, model, name, field, keeps_default)

    with _replaced(
        ProjectState,
        reload_model=reload,
        add_model=within(Reach.NEAR, ProjectState.add_model),
        add_field=within(Reach.NEAR, ProjectState.add_field),
        alter_field=alter,
    ):
        yield


def _column(field: Field) -> tuple[str, list[Any], dict[str, Any]]:
    """Return what determines the column of a field; two fields with the same need no statement."""
    _, path, args, kwargs = field.deconstruct()
    without = {*field.non_db_attrs, "default"} - {"db_column"}
    return path, args, {name: value for name, value in kwargs.items() if name not in without}


@contextmanager
def _replaced(owner: Any, **attributes: object) -> Iterator[None]:
    """Replace attributes of a module, a class or an object within the context."""
    old = {name: vars(owner)[name] for name in attributes if name in vars(owner)}
    for name, value in attributes.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name in attributes:
            if name in old:
                setattr(owner, name, old[name])
            else:
                delattr(owner, name)

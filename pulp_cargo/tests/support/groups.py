"""The groups of tests for workers of pytest-xdist, and their order.

A folder with its own stack is a group, so that the stack is started once and stopped after the
folder; otherwise a file is a group, so that its fixtures are created once. Long groups come first,
so that the last ones are short, and tests without a stack while the first one starts. Folders with
stacks wait much for processes and time-outs, so they are spread among files that need the CPUs. A
pytest plugin, enabled in pyproject.toml.
"""

import importlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TESTS = "pulp_cargo/tests/"
# Folders with stacks of their own, the longest first; folders of one line share their stacks.
STACKS = (
    ("functional/serve",),
    ("functional/docs",),
    ("functional/copies",),
    ("functional/faults",),
    ("functional/storage",),
    ("functional/deployment",),
    ("functional/domains",),
    ("functional/settings",),
    # They share a browser instead.
    ("functional/pages/test_browser.py", "functional/accounts/test_browser.py"),
)

WITHOUT_STACK = ("unit", "fuzz")
# The part of the other files among which the folders with stacks are spread; the shortest of these
# folders then ends long before the last file.
SPREAD = 0.6


class ByGroup(LoadScopeScheduling):
    """Distributes whole groups.

    Marks of `xdist_group` would do the same, but pytest-xdist 3.8 loses them with pytest 9.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup:
    """Make pytest-xdist use groups."""
    return ByGroup(config, log)


def pytest_collection(session: pytest.Session) -> None:
    """Import the tests, each worker of a run of all tests from another one on.

    Python keeps what it compiles. In the same order, all workers would compile every module at the
    same time, which in a new checkout takes longer than the collection.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    if worker == "gw0" or session.config.args != session.config.getini("testpaths"):
        return
    files = sorted(Path(TESTS).rglob("test_*.py"))
    start = len(files) * int(worker[2:]) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for file in files[start:]:
        # The collection reports it.
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(file.with_suffix("").parts))


# First, so that `--random-order` can change the order.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the groups."""
    position = {group: index for index, group in enumerate(order_of(map(_group_of_item, items)))}
    items.sort(key=lambda item: position[_group_of_item(item)])


def group_of(nodeid: str) -> str:
    """Return the name of a test's group."""
    path = nodeid.partition("::")[0].removeprefix(TESTS)
    folders = next((one for one in STACKS if path.startswith(one)), None)
    return folders[0] if folders else path


def order_of(groups: Iterable[str]) -> list[str]:
    """Return groups in the order in which workers should take them.

    The first folder comes first, since its worker starts the first registry, for which all others
    wait, and then the tests that need none.
    """
    known = dict.fromkeys(groups)
    first, *later = [folders[0] for folders in STACKS]
    before = [group for group in known if PurePath(group).parts[0] in WITHOUT_STACK]
    files = [group for group in known if group not in {first, *later, *before}]
    # In the order of these folders, and of the files in each.
    files.sort(key=lambda group: not group.startswith("functional"))
    stacks = [group for group in later if group in known]
    apart = SPREAD * len(files) / max(1, len(stacks))
    places = [(index * apart, group) for index, group in enumerate(stacks)]
    # Behind the folder at the same place.
    places += [(index + 0.5, group) for index, group in enumerate(files)]
    return [*([first] if first in known else []), *before, *(one for _, one in sorted(places))]


def _group_of_item(item: pytest.Item) -> str:
    return group_of(item.nodeid)

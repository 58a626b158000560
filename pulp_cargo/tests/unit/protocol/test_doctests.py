"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import pulp_cargo.protocol
import pulp_cargo.rules

MODULES = [
    module.name
    for package in (pulp_cargo.protocol, pulp_cargo.rules)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_true(module):
    """Each example in a docstring gives what it says."""
    assert doctest.testmod(importlib.import_module(module)).failed == 0

"""`pulp cargo repository version`: labels, and differences between two versions."""

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack


def test_labels_and_differences(stack: Stack, pulp: Pulp) -> None:
    """By numbers and labels; one command removes a label, so that its version can be destroyed."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    registry.publish(Crate("leaf", "1.1.0"))
    registry.yank("leaf")
    own = ("--repository", registry.name)
    version = ("repository", "version")
    made = pulp.cargo(*version, "label", *own, "--number", "1", "release-7")
    assert (made["label"], made["number"]) == ("release-7", 1)
    assert pulp.cargo(*version, "label", *own, "newest")["number"] == 3
    listed = pulp.cargo(*version, "labels", *own)
    assert [(one["label"], one["number"]) for one in listed] == [("release-7", 1), ("newest", 3)]
    table = pulp.run("cargo", *version, "labels", *own, "--format", "table", "--limit", "1")
    assert table.stdout.split()[:6] == ["LABEL", "NUMBER", "CREATED", "LABELLED", "release-7", "1"]
    found = pulp.cargo(*version, "diff", *own, "release-7", "newest")
    assert [(one["change"], one["vers"]) for one in found["results"]] == [
        ("yanked", "1.0.0"),
        ("added", "1.1.0"),
    ]
    assert found == pulp.cargo(*version, "diff", *own, "1")
    assert (found["old"]["number"], found["new"]["number"], found["count"]) == (1, 3, 2)
    table = pulp.run("cargo", *version, "diff", *own, "1", "--format", "table")
    assert table.stdout == "CHANGE  NAME  VERS\nyanked  leaf  1.0.0\nadded   leaf  1.1.0\n"
    second = pulp.cargo(*version, "diff", *own, "1", "--limit", "1", "--offset", "1")
    assert [one["change"] for one in second["results"]] == ["added"]
    with pytest.raises(PulpFailed, match=r"the version has a label \(`release-7`\)"):
        pulp.cargo(*version, "destroy", *own, "--version", "1")
    pulp.cargo(*version, "unlabel", *own, "release-7")
    pulp.cargo(*version, "destroy", *own, "--version", "1")
    with pytest.raises(PulpFailed, match="version 1 of this repository was deleted") as gone:
        pulp.cargo(*version, "diff", *own, "1")
    assert gone.value.said.count("\n") == 1
    with pytest.raises(PulpFailed, match="has the label `release-7`"):
        pulp.cargo(*version, "unlabel", *own, "release-7")

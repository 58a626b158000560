"""Labels of tokens and crate policies, which are objects of the plugin's alone."""

import pytest

from pulp_cargo.tests.support.rest import Refused, Rest, unique

PATHS = ["cargo/tokens/", "cargo/crate-policies/"]


@pytest.mark.parametrize("path", PATHS)
def test_labels_are_set_found_and_removed(rest: Rest, path: str) -> None:
    """At the making and afterwards, one by one."""
    team, name = unique("team"), unique("labelled")
    made = rest.make(path, name=name, pulp_labels={"team": team})
    assert made["pulp_labels"] == {"team": team}
    assert rest.make(path, name=unique("bare"))["pulp_labels"] == {}
    rest.post(f"{made['pulp_href']}set_label/", key="stage", value="live")
    (found,) = rest.list(path, pulp_label_select=f"team={team},stage")
    assert (found["name"], found["pulp_labels"]) == (name, {"team": team, "stage": "live"})
    rest.post(f"{made['pulp_href']}unset_label/", key="team")
    assert rest.list(path, pulp_label_select=f"team={team}") == []
    assert rest.get(made["pulp_href"])["pulp_labels"] == {"stage": "live"}


@pytest.mark.parametrize("path", PATHS)
def test_labels_take_the_right_to_change(rest: Rest, path: str) -> None:
    """Of one's own token, say, but not of one that somebody may only see."""
    href = rest.make(path, name=unique("others"))["pulp_href"]
    model = "cargotoken" if "tokens" in path else "cargocratepolicy"
    viewer = rest.new_user(f"cargo.{model}_viewer")
    with pytest.raises(Refused) as refused:
        viewer.post(f"{href}set_label/", key="a", value="b")
    assert refused.value.status == 403
    owner = rest.new_user("cargo.cargocratepolicy_creator")
    own = owner.make(path, name=unique("own"))["pulp_href"]
    owner.post(f"{own}set_label/", key="a", value="b")
    assert owner.get(own)["pulp_labels"] == {"a": "b"}


def test_labels_of_a_policy_are_changed_as_a_whole(rest: Rest) -> None:
    """By a change of the policy, which leaves everything else as it is."""
    policy = rest.make("cargo/crate-policies/", name=unique("policy"), cooldown_days=7)
    changed = rest.patch(policy["pulp_href"], pulp_labels={"a": "b"})
    assert (changed["pulp_labels"], changed["cooldown_days"]) == ({"a": "b"}, 7)


def test_labels_are_kept_to_what_pulp_can_filter_by(rest: Rest) -> None:
    """As those of repositories are."""
    for path in PATHS:
        with pytest.raises(Refused, match="pulp_labels") as refused:
            rest.make(path, name=unique("bad"), pulp_labels={"a": "(b)"})
        assert refused.value.status == 400

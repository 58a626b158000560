"""What people see of a Pulp that they share with others, and what they may add to it.

Pulp's list `repository_versions/` is left out: core shows it whole to everybody with an account.
"""

import pytest

from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.rest import PATIENCE, Rest, unique

UPSTREAM = "sparse+https://registry.example/"
# Pulp's lists over all plugins.
MASTER_LISTS = ("repositories/", "remotes/", "distributions/", "content/")
VIEWERS = {
    "repositories/cargo/cargo/": "cargo.cargorepository_viewer",
    "remotes/cargo/cargo/": "cargo.cargoremote_viewer",
    "distributions/cargo/cargo/": "cargo.cargodistribution_viewer",
}


@pytest.fixture(scope="module")
def two_teams(rest: Rest) -> dict[str, dict[str, str]]:
    """Two teams with one object of each kind, and all that a repository leads to."""
    return {team: _team(rest) for team in ("ours", "theirs")}


def _team(rest: Rest) -> dict[str, str]:
    name = unique("team").replace("-", "")
    repository = rest.need("repositories/cargo/cargo/", name=name)["pulp_href"]
    crate = rest.need_crate(crate_file(name, "1.0.0"), repository=repository)
    yank = rest.make("content/cargo/yanks/", name=name, vers="1.0.0", repository=repository)
    return {
        "repositories/cargo/cargo/": repository,
        f"{repository}versions/": f"{repository}versions/2/",
        "content/cargo/crates/": crate["pulp_href"],
        "content/cargo/yanks/": yank["pulp_href"],
        "remotes/cargo/cargo/": rest.need("remotes/cargo/cargo/", name=name, url=UPSTREAM)[
            "pulp_href"
        ],
        "distributions/cargo/cargo/": rest.need(
            "distributions/cargo/cargo/", name=name, base_path=name, repository=repository
        )["pulp_href"],
    }


def test_lists_show_only_what_one_may_see(rest: Rest, two_teams: dict[str, dict[str, str]]) -> None:
    """Pulp's own lists over all plugins as well; crates and yanks by their repositories."""
    user = rest.new_user()
    ours, theirs = two_teams["ours"], two_teams["theirs"]
    for path, role in VIEWERS.items():
        rest.grant(user, role, ours[path])
    for path in (*ours, *MASTER_LISTS):
        seen = {one["pulp_href"] for one in user.list(path, limit=100)}
        known = {href for place, href in ours.items() if place.startswith(path)}
        assert known <= seen, path
        assert not seen & set(theirs.values()), path
    for place, href in theirs.items():
        answer = user.session.get(user.url(href), timeout=PATIENCE)
        assert answer.status_code == 404, place


def test_upload_takes_the_right_on_the_repository(
    rest: Rest, two_teams: dict[str, dict[str, str]]
) -> None:
    """A publisher of the repository may upload crates and yank them, a viewer may not.

    For others, there is no such repository.
    """
    repository = two_teams["ours"]["repositories/cargo/cargo/"]
    statuses = {}
    for role in ("publisher", "viewer"):
        user = rest.new_user(f"cargo.cargorepository_{role}", on=repository)
        statuses[role] = [_upload(user, repository), _yank(user, repository)]
    nobody = rest.new_user()
    statuses["nobody"] = [_upload(nobody, repository), _yank(nobody, repository)]
    assert statuses == {"publisher": [202, 202], "viewer": [403, 403], "nobody": [400, 400]}


def _upload(user: Rest, repository: str) -> int:
    file = {"file": ("upload", crate_file(unique("up").replace("-", ""), "1.0.0"))}
    url = user.url("content/cargo/crates/")
    data = {"repository": repository}
    return int(user.session.post(url, files=file, data=data, timeout=PATIENCE).status_code)


def _yank(user: Rest, repository: str) -> int:
    fields = {"name": unique("up"), "vers": "1.0.0", "repository": repository}
    url = user.url("content/cargo/yanks/")
    return int(user.session.post(url, json=fields, timeout=PATIENCE).status_code)

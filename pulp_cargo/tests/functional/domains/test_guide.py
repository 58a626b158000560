"""The commands of the guide to domains do what the guide says, as they are written."""

from pathlib import Path

from pulp_cargo.tests.functional.docs.own_page import run_page
from pulp_cargo.tests.functional.docs.shell import DOCS
from pulp_cargo.tests.functional.domains.conftest import Domains


def test_domains_guide_works_as_written(domains: Domains, open_directory: Path) -> None:
    """The administrator's part and the team's."""
    rest = domains.default.rest
    assert rest.auth is not None
    user, password = rest.auth
    values = {
        "PULP": rest.origin,
        "PULP_USER": user,
        "PULP_PASSWORD": password,
        "MEDIA": str(open_directory / "acme"),
    }
    run_page(DOCS / "admin" / "guides" / "domains.md", values)

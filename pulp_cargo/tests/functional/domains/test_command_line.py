"""The command line in a domain of its own, with the names that everybody would choose."""

from pathlib import Path

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO_SPARSE
from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.functional.docs.shell import Block, Shell
from pulp_cargo.tests.functional.domains.conftest import FILE_SYSTEM, Domains

CONFIGURE = """
pulp config create --base-url {origin} --username {user} --password {password} --domain team
mkdir .cargo
"""
NOWHERE = "pulp --domain nope cargo repository list"
HOST = """
pulp cargo repository create --name my-crates
pulp cargo distribution create --name my-crates --base-path my-crates --repository my-crates \
    --allow-uploads
pulp cargo distribution config my-crates >> .cargo/config.toml
pulp cargo token create --name laptop --registry my-crates
cargo new --lib --vcs none leaf
cargo publish --registry my-crates --manifest-path leaf/Cargo.toml
cargo yank leaf --version 0.1.0 --registry my-crates
cargo yank leaf --version 0.1.0 --registry my-crates --undo
"""
CACHE = """
pulp cargo remote create --name crates-io --url {crates_io} --policy on_demand
pulp cargo repository create --name crates-io-cache --remote crates-io --retain-repo-versions 1
pulp cargo distribution create --name crates-io-cache --base-path crates-io-cache \
    --repository crates-io-cache --remote crates-io
pulp cargo distribution config crates-io-cache
"""
REFUSED = """
pulp cargo distribution create --name both --base-path both --repository crates-io-cache \
    --remote crates-io --allow-uploads
"""


@pytest.mark.cargo
def test_registry_and_cache_are_made_as_everybody_would(domains: Domains, tmp_path: Path) -> None:
    """Another domain has a `my-crates` already, and nothing of that is in the way."""
    rest = domains.default.rest
    assert rest.auth is not None
    user, password = rest.auth
    rest.make(
        "domains/",
        name="team",
        storage_class=FILE_SYSTEM,
        storage_settings={"MEDIA_ROOT": str(domains.media / "team")},
    )
    with Shell(tmp_path, environment()) as shell:
        shell.run(Block(CONFIGURE.format(origin=rest.origin, user=user, password=password)))
        shell.run(Block(NOWHERE, fails=True, prints="Error: There is no domain `nope`: …list`.\n"))
        shell.run(Block(HOST, prints="…Published leaf v0.1.0 at registry `my-crates`\n"))
        cache = CACHE.format(crates_io=CRATES_IO_SPARSE)
        shell.run(Block(cache, prints='…[source.crates-io]\nreplace-with = "crates-io-cache"\n…'))
        shell.run(Block(REFUSED, fails=True, prints="Error: allow_uploads: …two distributions.\n"))
    assert domains.default.registry.index_file("leaf").status == 404

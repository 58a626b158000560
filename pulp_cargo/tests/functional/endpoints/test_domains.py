"""Registries where Pulp's domains are enabled: the domain stands in the URL, and keeps apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest

FILE_SYSTEM = "pulpcore.app.models.storage.FileSystem"


@dataclass(frozen=True, slots=True)
class Domains:
    """Two registries of one name, in two domains."""

    default: Registry
    other: Registry
    media: Path


@pytest.fixture(scope="module")
def domains(open_directory: Path) -> Iterator[Domains]:
    """A stack of its own, since the setting holds for a whole Pulp."""
    data = open_directory / "domains"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULP_DOMAIN_ENABLED", "true")
        with launcher.running(data) as running:
            said = running.ready
            first = Registry("my-crates", said["index_url"], said["token"])
            rest = Rest(said["api_url"], None)
            rest.session.auth = (said["admin_user"], said["admin_password"])
            media = open_directory / "other-media"
            yield Domains(first, _registry_in(rest, "other", media), media)


def _registry_in(rest: Rest, domain: str, media: Path) -> Registry:
    storage = {"MEDIA_ROOT": str(media)}
    rest.make(
        "/pulp/default/api/v3/domains/",
        name=domain,
        storage_class=FILE_SYSTEM,
        storage_settings=storage,
    )
    root = f"/pulp/{domain}/api/v3/"
    repository = rest.make(f"{root}repositories/cargo/cargo/", name="r")["pulp_href"]
    made = rest.make(
        f"{root}distributions/cargo/cargo/",
        name="my-crates",
        base_path="my-crates",
        repository=repository,
        allow_uploads=True,
    )
    token = rest.make(f"{root}cargo/tokens/", name="t")["token"]
    return Registry(made["name"], made["base_url"], token)


def test_domain_is_in_every_url(domains: Domains):
    """The one that is shown, and those in config.json [1, 5]."""
    for registry, name in ((domains.default, "default"), (domains.other, "other")):
        assert registry.url.endswith(f"/pulp/cargo/{name}/my-crates/")
        assert registry.get("config.json").json()["api"] == registry.url.rstrip("/")
        assert f"/pulp/{name}/api/v3/cargo/tokens/" in registry.get("me").body.decode()


def test_same_crate_in_two_domains(domains: Domains, name: str):
    """Each has its own unit and file, in its own storage, with null for its own registry [22, 117]."""
    crate = Crate(name, deps=[Dep(name="own")])
    domains.default.publish(crate)
    assert domains.other.index_file(name).status == 404
    domains.other.publish(crate)
    for registry in (domains.default, domains.other):
        assert registry.entry(name)["deps"][0]["registry"] is None
        assert registry.download(name).body == crate.packed(registry.index_url)
        assert registry.yank(name).json() == {"ok": True}
    stored = [path for path in domains.media.rglob("*") if path.is_file()]
    assert crate.packed(domains.other.index_url) in [path.read_bytes() for path in stored]


def test_token_of_a_domain_is_for_no_other(domains: Domains, name: str):
    """It is as if it did not exist [114, 117]."""
    for registry, other in ((domains.default, domains.other), (domains.other, domains.default)):
        answer = registry.send(Crate(name), token=other.token)
        assert answer.status == 401
        assert answer.detail


@pytest.mark.parametrize(
    "path", ["../../my-crates/config.json", "../../none/my-crates/config.json"]
)
def test_unknown_domain_is_a_json_error(domains: Domains, path: str):
    """Also where the domain was left out of the URL [49]."""
    answer = domains.default.get(path)
    assert answer.status == 404
    assert answer.detail

"""The remote's settings hold for the listing, for downloads in the sync, and for those on demand."""

from collections.abc import Callable, Iterator

import pytest

from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.certificate import Certificate, make_certificate
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.proxy import counting_proxy
from pulp_cargo.tests.support.rest import Refused
from pulp_cargo.tests.support.upstream import Upstream

CopyOf = Callable[..., Copy]
POLICIES = ("immediate", "on_demand")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that nobody knows."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(certificate: Certificate) -> Iterator[Upstream]:
    """An upstream registry behind TLS."""
    with fake.running(certificate.for_servers()) as server:
        yield server


@pytest.mark.parametrize("policy", POLICIES)
def test_certificate_is_checked(
    secure: Upstream, certificate: Certificate, copy_of: CopyOf, name: str, policy: str
) -> None:
    """An unknown authority is refused, and one that the remote names is believed."""
    secure.have(Crate(name))
    with pytest.raises(Refused, match="certificate verify failed"):
        copy_of(secure.index_url, policy=policy, max_retries=1).sync()
    assert secure.asked == []
    copy = copy_of(secure.index_url, policy=policy, ca_cert=certificate.text)
    copy.sync()
    assert copy.registry.download(name).body == Crate(name).packed()
    assert secure.downloads() == [fake.file_path(Crate(name))]


@pytest.mark.parametrize("policy", POLICIES)
def test_proxy_is_used(upstream: Upstream, copy_of: CopyOf, name: str, policy: str) -> None:
    """Nothing goes past it."""
    upstream.have(Crate(name))
    with counting_proxy() as proxy:
        copy = copy_of(upstream.index_url, policy=policy, proxy_url=proxy.url)
        copy.sync()
        assert copy.registry.download(name).status == 200
        assert [path for path, _ in proxy.seen] == [path for path, _ in upstream.asked]
    assert [path for path, _ in upstream.asked] == [fake.LISTING, fake.file_path(Crate(name))]


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"token": "secret"}, "secret"),
        ({"username": "me", "password": "pass"}, fake.basic("me", "pass")),
    ],
    ids=["token", "password"],
)
def test_credentials_are_sent_with_every_request(
    upstream: Upstream, copy_of: CopyOf, name: str, fields: dict[str, str], sent: str
) -> None:
    """For the listing and for the files of a sync, as a cache does."""
    upstream.have(Crate(name))
    copy_of(upstream.index_url, policy="immediate", **fields).sync()
    assert upstream.asked == [(fake.LISTING, sent), (fake.file_path(Crate(name)), sent)]

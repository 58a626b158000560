"""A crashed child is restarted, and the registry answers again at the same place."""

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.serve.launcher import Running

pytestmark = pytest.mark.serve

CONFIG = "/pulp/cargo/my-crates/config.json"


@pytest.mark.parametrize("name", ["content", "api", "worker", "postgres"])
def test_crashed_child_is_restarted(registry: Running, name: str):
    """`kill -9` of any child heals by itself within seconds."""
    status = f"{registry.ready['api_url']}/pulp/api/v3/status/"
    before = {process.pid for process in launcher.family(registry.process.pid)}
    launcher.kill(registry.ready["pids"][name])
    assert launcher.wait_for(
        lambda: any(process.pid not in before for process in launcher.family(registry.process.pid))
    )
    assert launcher.wait_for(lambda: registry.get(CONFIG) == launcher.get(status) == 200)


def test_clients_wait_for_a_crashed_content_app(registry: Running):
    """The launcher holds the port: a request during the restart is answered, not refused."""
    launcher.kill(registry.ready["pids"]["content"])
    assert registry.get(CONFIG) == 200

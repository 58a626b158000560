"""What systemd is told."""

import os
import socket
from pathlib import Path

import pytest

from pulp_cargo.serve.service_manager import ServiceManager


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_when_the_registry_is_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool
) -> None:
    """At a path or in the abstract namespace; children do not inherit the address."""
    address = f"@pulp-cargo-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{address[1:]}" if abstract else address)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        manager = ServiceManager()
        assert "NOTIFY_SOCKET" not in os.environ
        manager.notify_ready()
        assert systemd.recv(100, socket.MSG_DONTWAIT) == b"READY=1"


def test_nobody_is_told_without_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it an error if the listener is gone."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceManager().notify_ready()
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    ServiceManager().notify_ready()

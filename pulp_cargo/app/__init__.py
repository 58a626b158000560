"""The Django side of the plugin, discovered by pulpcore through `default_app_config`."""

from pulpcore.plugin import PulpPluginAppConfig


class CargoAppConfig(PulpPluginAppConfig):
    """Registers pulp_cargo with Pulp under the label `cargo`."""

    name = "pulp_cargo.app"
    label = "cargo"
    version = "0.1.0"
    python_package_name = "pulp-cargo"
    domain_compatible = True

    def ready(self) -> None:
        """Start sending messages about changes to the content processes."""
        super().ready()
        from pulp_cargo.app import (
            checks,  # noqa: F401
            signals,
        )
        from pulp_cargo.app.authentication import openapi  # noqa: F401

        signals.connect()

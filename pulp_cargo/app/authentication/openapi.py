"""The description of tokens in Pulp's OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class CargoTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes `api_tokens.CargoTokenAuthentication`."""

    target_class = "pulp_cargo.app.authentication.api_tokens.CargoTokenAuthentication"
    name = "cargo_token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer"}

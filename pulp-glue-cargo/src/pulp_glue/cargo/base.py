"""What all our contexts have in common: errors in one line, and no hrefs of other types."""

import re
from typing import Any, ClassVar

from pulp_glue.cargo.sentences import first_fault, sentence_of
from pulp_glue.common.context import (
    EntityDefinition,
    PluginRequirement,
    PulpEntityContext,
)
from pulp_glue.common.exceptions import (
    PulpEntityNotFound,
    PulpException,
    PulpHTTPError,
    ValidationError,
)

NEEDS = [PluginRequirement("cargo", specifier=">=0.1.0.dev")]
UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class CargoEntityContext(PulpEntityContext):
    """An object of the plugin's; goes before one of pulp-glue's classes in a list of bases."""

    NEEDS_PLUGINS = NEEDS
    ID_IN_HREF: ClassVar[str] = UUID

    @property
    def pulp_href(self) -> str:
        """The href of the object, which is of its own type.

        pulp-glue would send any href as it is: `destroy` would delete whatever it names.
        """
        return super().pulp_href

    @pulp_href.setter
    def pulp_href(self, value: str) -> None:
        # Tasks, too, are told by their href.
        if not re.fullmatch(rf"/.*/?api/v\d+/{self.HREF_PATTERN}{self.ID_IN_HREF}/", value):
            raise PulpException(f"{value!r} is not the href of a {self.ENTITY}.")
        PulpEntityContext.pulp_href.fset(self, value)  # type: ignore[attr-defined]

    def call(
        self,
        operation: str,
        non_blocking: bool = False,
        parameters: dict[str, Any] | None = None,
        body: EntityDefinition | None = None,
        validate_body: bool = True,
    ) -> Any:
        """Call an operation; a refusal is raised as one line."""
        self._require_operation(operation)
        try:
            return super().call(operation, non_blocking, parameters, body, validate_body)
        except PulpHTTPError as error:
            if type(error) is not PulpHTTPError:
                raise
            href = (parameters or {}).get(self.HREF)
            if error.status_code == 404 and operation == "read":
                sentence = f"There is no {self.ENTITY} at {href}."
            else:
                sentence = sentence_of(str(error), error.status_code, self.ENTITY)
            raise PulpHTTPError(sentence, error.status_code, operation) from error
        except ValidationError as error:
            raise ValidationError(first_fault(str(error))) from error

    def _require_operation(self, operation: str) -> None:
        # pulp-glue keeps the description of an API, also when the server has become a newer one.
        if f"{self.ID_PREFIX}_{operation}" not in self.pulp_ctx.api.operations:
            raise PulpException(
                f"This Pulp cannot do `{operation}` with a {self.ENTITY}: try again with"
                " `--refresh-api`, or upgrade its plugin."
            )

    def find(self, **kwargs: Any) -> Any:
        """Find the one object that is wanted."""
        try:
            return super().find(**kwargs)
        except PulpEntityNotFound as error:
            wanted = " and ".join(f"{name} {value!r}" for name, value in kwargs.items())
            raise PulpEntityNotFound(
                f"There is no {self.ENTITY} with {wanted}:"
                f" see the list of {self.ENTITIES}, or make it first."
            ) from error

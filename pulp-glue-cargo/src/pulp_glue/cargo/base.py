"""The base of all our contexts: errors in one line, and no hrefs of other types."""

import re
from dataclasses import replace
from typing import Any, ClassVar, Self

from pulp_glue.cargo.sentences import Refusal, first_fault
from pulp_glue.common.context import (
    EntityDefinition,
    PluginRequirement,
    PulpContext,
    PulpEntityContext,
)
from pulp_glue.common.exceptions import (
    PulpEntityNotFound,
    PulpException,
    PulpHTTPError,
    ValidationError,
)

NEEDS = [PluginRequirement("cargo", specifier=">=0.1.0.dev")]
# Page size for the records of an object.
RECORDS_PAGE = 100
UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class CargoEntityContext(PulpEntityContext):
    """An object of the plugin; precedes one of pulp-glue's classes in a list of bases."""

    NEEDS_PLUGINS = NEEDS
    ID_IN_HREF: ClassVar[str] = UUID
    IF_NONE: ClassVar[str] = "see the list of {entities}, or create it first"
    IF_SEVERAL: ClassVar[str] = "select one by its href"

    @classmethod
    def known(cls, pulp_ctx: PulpContext, entity: EntityDefinition) -> Self:
        """Return the context of an object that was read already, such as in a list."""
        context = cls(pulp_ctx)
        context._entity = entity
        return context

    @property
    def pulp_href(self) -> str:
        """The href of the object, checked to be of its type.

        pulp-glue sends any href unchanged: `destroy` would delete an object of another type.
        """
        return super().pulp_href

    @pulp_href.setter
    def pulp_href(self, value: str) -> None:
        # Tasks are identified by their href, too.
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
        """Call an operation; an error is raised as one line."""
        self._require_operation(operation)
        try:
            return super().call(operation, non_blocking, parameters, body, validate_body)
        except PulpHTTPError as error:
            if type(error) is not PulpHTTPError:
                raise
            sentence = self._sentence(error, operation, parameters or {}, body or {})
            raise PulpHTTPError(sentence, error.status_code, operation) from error
        except ValidationError as error:
            raise ValidationError(first_fault(str(error))) from error

    def records(
        self, operation: str, limit: int, offset: int, **filters: Any
    ) -> list[EntityDefinition]:
        """Return the records of the object that an operation lists in pages, at most `limit`."""
        wanted = {name: value for name, value in filters.items() if value is not None}
        found: list[EntityDefinition] = []
        while len(found) < limit:
            page = {"limit": min(RECORDS_PAGE, limit - len(found)), "offset": offset + len(found)}
            answer = self.call(operation, parameters={self.HREF: self.pulp_href, **page, **wanted})
            found += answer["results"]
            if not answer["next"]:
                break
        return found

    def _require_operation(self, operation: str) -> None:
        # pulp-glue caches the description of an API, even after an upgrade of the server.
        if f"{self.ID_PREFIX}_{operation}" not in self.pulp_ctx.api.operations:
            raise PulpException(
                f"This Pulp does not support `{operation}` for a {self.ENTITY}: try again with"
                " `--refresh-api`, or upgrade the plugin on the server."
            )

    def _sentence(
        self,
        error: PulpHTTPError,
        operation: str,
        parameters: dict[str, Any],
        body: EntityDefinition,
    ) -> str:
        if error.status_code == 404 and operation == "read":
            return self._nothing_at(parameters[self.HREF])
        domain = self.pulp_ctx.pulp_domain if self.pulp_ctx.domain_enabled else None
        refusal = Refusal(str(error), error.status_code, self.ENTITY, domain)
        if (
            refusal.is_about_the_name
            and not self.call("list", parameters={"name": body["name"]})["count"]
        ):
            refusal = replace(refusal, entity=self.ENTITY.removeprefix("cargo "))
        return refusal.sentence

    def _nothing_at(self, href: str) -> str:
        return f"There is no {self.ENTITY} at {href}."

    def find(self, **kwargs: Any) -> Any:
        """Find the requested object; its PRN, if given, must be of its type."""
        for prn in kwargs.get("prn__in", ()):
            kind = self.PRN_TYPE_REGISTRY.get(
                prn.removeprefix("prn:").partition(":")[0].replace(".", ":")
            )
            if kind is not type(self):
                raise PulpException(f"{prn!r} is not the PRN of a {self.ENTITY}.")
        asked = kwargs | self.scope | {"offset": 0, "limit": 1}
        found = self.call("list", parameters=asked)
        if found["count"] == 1:
            return found["results"][0]
        if found["count"]:
            if (one := self._first_of_equal(asked, found["count"])) is not None:
                return one
            raise PulpException(
                f"Several {self.ENTITIES} have {wanted(kwargs)}: {self.IF_SEVERAL}."
            )
        raise PulpEntityNotFound(self._nothing_with(kwargs))

    def _first_of_equal(self, asked: dict[str, Any], count: int) -> Any:
        """Return the one to use of several objects that are equal for users, None if they are not."""
        return None

    def _nothing_with(self, criteria: dict[str, Any]) -> str:
        advice = self.IF_NONE.format(entities=self.ENTITIES)
        return f"There is no {self.ENTITY} with {wanted(criteria)}: {advice}."


def wanted(criteria: dict[str, Any]) -> str:
    """Describe the searched object in the terms of the command line."""
    names = {"prn__in": "prn", "canonical_name": "name"}
    named = {names.get(key, key): v[0] if isinstance(v, list) else v for key, v in criteria.items()}
    return " and ".join(f"{name} {value!r}" for name, value in named.items())

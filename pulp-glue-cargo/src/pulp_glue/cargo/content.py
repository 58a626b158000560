"""The content of Cargo repositories: crate versions and yank marks."""

from typing import Any

from pulp_glue.cargo.base import CargoEntityContext
from pulp_glue.common.context import PulpContentContext, PulpEntityContext

# More crates with the same number are not compared.
MOST_EQUAL = 100


class PulpCargoUnitContext(CargoEntityContext, PulpContentContext):
    """A unit that is about one version of a crate."""

    PLUGIN = "cargo"

    def find(self, **kwargs: Any) -> Any:
        """Find a unit; `name` may have any spelling of the crate's name."""
        if "name" in kwargs:
            kwargs["canonical_name"] = kwargs.pop("name").lower().replace("-", "_")
        if self.repository_ctx is not None:
            kwargs["repository_version"] = self.repository_ctx.entity["latest_version_href"]
        if "cksum" in kwargs:
            # Units with the same bytes differ in where they are from; any one of them will do.
            asked = kwargs | self.scope | {"offset": 0, "limit": 1}
            for unit in self.call("list", parameters=asked)["results"]:
                return unit
        return super().find(**kwargs)


class PulpCargoCrateContext(PulpCargoUnitContext):
    """One version of a crate, with its file."""

    RESOURCE_TYPE = "crates"
    ENTITY = "crate"
    ENTITIES = "crates"
    HREF = "cargo_crate_content_href"
    HREF_PATTERN = r"content/(?P<plugin>cargo)/(?P<resource_type>crates)/"
    ID_PREFIX = "content_cargo_crates"
    CAPABILITIES = {"upload": []}
    IF_NONE = "see the list of {entities}, or upload it first"
    IF_SEVERAL = "select one with `--vers` or `--cksum`"

    def _first_of_equal(self, asked: dict[str, Any], count: int) -> Any:
        """Return the oldest crate if all are the same file, as after an import into the same Pulp."""
        query = asked | {"limit": MOST_EQUAL, "ordering": ["pulp_created"]}
        crates = self.call("list", parameters=query)["results"]
        same = len(crates) == count and len({one["cksum"] for one in crates}) == 1
        return crates[0] if same else None


class PulpCargoYankContext(PulpCargoUnitContext):
    """The mark that a version is yanked, in the repository versions that contain it."""

    RESOURCE_TYPE = "yanks"
    ENTITY = "yank mark"
    ENTITIES = "yank marks"
    HREF = "cargo_crate_yank_href"
    HREF_PATTERN = r"content/(?P<plugin>cargo)/(?P<resource_type>yanks)/"
    ID_PREFIX = "content_cargo_yanks"
    IF_NONE = "see the list of {entities}"
    IF_SEVERAL = "select one with `--vers`"


# pulp-glue derives a model's name from its endpoint, but ours differ.
PulpEntityContext.PRN_TYPE_REGISTRY["cargo:cratecontent"] = PulpCargoCrateContext
PulpEntityContext.PRN_TYPE_REGISTRY["cargo:crateyank"] = PulpCargoYankContext

"""The pulp-glue context of registries, and their reports about crates."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pulp_glue.cargo.base import CargoEntityContext
from pulp_glue.cargo.context import PulpCargoRemoteContext, PulpCargoRepositoryContext
from pulp_glue.common.context import EntityDefinition, PulpDistributionContext
from pulp_glue.common.exceptions import PulpException

# The page size of collisions, and the number of names per request.
PAGE = 1_000
MOST_NAMES = 10_000
# The operations that list downloads, by what a row is about.
DOWNLOADS = {"crate": "downloads", "version": "version_downloads", "day": "daily_downloads"}


class PulpCargoDistributionContext(CargoEntityContext, PulpDistributionContext):
    """A registry for cargo."""

    PLUGIN = "cargo"
    RESOURCE_TYPE = "cargo"
    ENTITY = "cargo distribution"
    ENTITIES = "cargo distributions"
    HREF = "cargo_cargo_distribution_href"
    HREF_PATTERN = r"distributions/(?P<plugin>cargo)/(?P<resource_type>cargo)/"
    ID_PREFIX = "distributions_cargo_cargo"
    NULLABLES: ClassVar[set[str]] = {*PulpDistributionContext.NULLABLES, "crate_policy"}
    CAPABILITIES = {"roles": []}

    def preprocess_entity(self, body: EntityDefinition, partial: bool = False) -> EntityDefinition:
        """Replace `version`, a number, by the repository version to serve."""
        body = super().preprocess_entity(body, partial=partial)
        if "upstreams" in body:
            body["upstreams"] = [self._upstream(entry) for entry in body["upstreams"]]
        number = body.pop("version", None)
        if number is not None:
            repository = body.get("repository") or (self._repository() if partial else None)
            if not repository:
                raise PulpException("`--version` also requires `--repository`.")
            served = PulpCargoRepositoryContext(self.pulp_ctx, pulp_href=repository)
            version = served.get_version_context(number).pulp_href
            body |= {"repository": None, "repository_version": version}
        elif "repository" in body and partial:
            body["repository_version"] = None
        return body

    def config(self) -> str:
        """Return the lines for cargo's config.toml to use the registry."""
        answer = self.call("config", parameters={self.HREF: self.pulp_href})
        return str(answer["config"])

    def check(self, lock_file: bytes, **wanted: Any) -> EntityDefinition:
        """Return the registry's report on a lock file.

        `wanted` are the options of the REST API: `refresh`, `offline`, `fail_on_yanked`,
        `crates_io`, and the list `allow_sources`; None and an empty list mean the server's default.
        """
        return self._about("check", lock_file, wanted)

    def prefetch(self, lock_file: bytes, *, crates_io: bool | None = None) -> EntityDefinition:
        """Make the registry fetch the files of a lock file that it has not stored yet.

        Return the result: how many files were `fetched`, how many were `there`, and the
        `problems`, each with `name`, `vers` and `reason`.
        """
        return self._about("prefetch", lock_file, {"crates_io": crates_io})

    def _about(self, operation: str, lock_file: bytes, wanted: Mapping[str, Any]) -> Any:
        # An older server refuses unknown fields, so only given options are sent.
        options = {name: value for name, value in wanted.items() if value not in (None, [])}
        # As text in JSON, in which a list is one; pulp-glue sends bytes, and all beside them, in a
        # form. Invalid UTF-8 is preserved, so that the server reports it.
        body = {"lock_file": lock_file.decode(errors="surrogateescape"), **options}
        return self.call(operation, parameters={self.HREF: self.pulp_href}, body=body)

    def explain(self, crate: str) -> EntityDefinition:
        """Return which of the upstreams answers for a crate, and why."""
        asked = {self.HREF: self.pulp_href, "name": crate}
        explanation: EntityDefinition = self.call("explain", parameters=asked)
        return explanation

    def search(self, text: str, **wanted: Any) -> EntityDefinition:
        """Return how many crates match (`count`), and a page of them (`results`).

        `wanted` are the parameters of the REST API: `page`, `per_page`, `sort`, `keyword`,
        `all_keywords`, `category`, `letter` and `include_yanked`; None means the default.
        """
        asked = {name: value for name, value in wanted.items() if value is not None}
        asked |= {self.HREF: self.pulp_href, "q": text}
        found: EntityDefinition = self.call("search", parameters=asked)
        return found

    def collisions(self) -> Iterator[EntityDefinition]:
        """Iterate over the names that are both private and in the cached index files of remotes."""
        after: str | None = ""
        while after is not None:
            asked = {self.HREF: self.pulp_href, "after": after, "limit": PAGE}
            page = self.call("collisions", parameters=asked)
            yield from page["results"]
            after = page["next_after"]

    def collisions_with(self, names: Sequence[str]) -> Iterator[EntityDefinition]:
        """Iterate over those of the names that are private."""
        for start in range(0, len(names), MOST_NAMES):
            yield from self.call(
                "collisions_with",
                parameters={self.HREF: self.pulp_href},
                body={"names": list(names[start : start + MOST_NAMES])},
            )["results"]

    def downloads(
        self, by: str, limit: int, offset: int = 0, **filters: Any
    ) -> list[EntityDefinition]:
        """Return the counts of downloads by `crate`, `version` or `day`."""
        return self.records(DOWNLOADS[by], limit, offset, **filters)

    def _upstream(self, entry: EntityDefinition) -> EntityDefinition:
        """Return an entry of the list with hrefs instead of names."""
        kinds = {"repository": PulpCargoRepositoryContext, "remote": PulpCargoRemoteContext}
        found = dict(entry)
        for field, kind in kinds.items():
            value = found.get(field)
            if isinstance(value, str) and not value.startswith(("/", "prn:")):
                found[field] = kind(self.pulp_ctx, entity={"name": value}).pulp_href
        return found

    def _repository(self) -> str | None:
        """Return the href of the repository that is served now, in any version."""
        repository: str | None = self.entity["repository"]
        version: str | None = self.entity["repository_version"]
        return repository or (version.partition("versions/")[0] if version else None)

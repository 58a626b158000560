"""Objects of each kind, and a call of every operation of the REST API."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pulp_cargo.tests.functional.rest.archives import archive
from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.bundles import bundle
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.lock_file import lock_file, locked
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, REPOSITORIES, Stack

CONTENT = "content/cargo/crates/"
ROWS = (
    "INSERT INTO cargo_replacedversion (remote_id, name, vers, cksum_before, cksum, found_at)"
    " VALUES (%(remote)s, 'leaf', '1.0.0', 'a', 'b', now())",
    "INSERT INTO cargo_heldversion (policy_id, name, vers, rule, sentence, dry_run, first_at,"
    " last_at, times) VALUES (%(policy)s, 'leaf', '1.0.0', 'block', 'It is.', false, now(), now(), 1)",
    "WITH crate AS (INSERT INTO cargo_cratedownloads (distribution_id, canonical_name, name,"
    " downloads, recent, last_at) VALUES (%(registry)s, 'leaf', 'leaf', 1, 1, now()) RETURNING id),"
    " version AS (INSERT INTO cargo_versiondownloads (crate_id, vers, downloads, last_at)"
    " SELECT id, '1.0.0', 1, now() FROM crate RETURNING id)"
    " INSERT INTO cargo_dailydownloads (version_id, day, downloads)"
    " SELECT id, now()::date, 1 FROM version",
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request: a method, a path, and what is sent."""

    method: str
    href: str
    sent: dict[str, Any]


def call(method: str, href: str, **fields: Any) -> Call:
    """Return a request with JSON, or with files of a form."""
    files = {key: fields.pop(key) for key in list(fields) if isinstance(fields[key], tuple)}
    if files:
        return Call(method, href, {"files": files, "data": fields})
    return Call(method, href, {"json": fields} if method != "get" else {"params": fields})


@dataclass(frozen=True, slots=True)
class World:
    """Objects of each kind, with something in each, and a crate that was published.

    The repository `other` has the crate, too.
    """

    rest: Rest
    registry: Registry
    other: str
    crate: Crate
    listed: dict[str, Any]
    remote: dict[str, Any]
    policy: dict[str, Any]
    token: dict[str, Any]
    exporter: dict[str, Any]
    other_user: str

    def calls(self) -> Iterator[Call]:
        """Go through all operations; what deletes comes last."""
        yield from self._of_repositories()
        yield from self._of_distributions()
        yield from self._of_others()
        yield from self._of_content()
        yield from self._of_every_kind()
        yield from self._of_deletions()

    def _of_repositories(self) -> Iterator[Call]:
        href, name, vers = self.registry.repository, self.crate.name, self.crate.vers
        named = {"name": name, "vers": vers}
        packed = archive([("b.crate", crate_file(unique("leaf"), "1.0.0"))])
        yield call("post", f"{href}import_crates/", file=("crates.tar", packed))
        yield call("post", f"{href}import_bundle/", file=("b.tar", bundle(listed=[], files=[])))
        yield call("post", f"{href}snapshot/")
        yield call("get", f"{href}owners/")
        owner = {"crates": [name], "owners": [self.other_user]}
        yield call("post", f"{href}add_owners/", **owner)
        yield call("post", f"{href}remove_owners/", **owner)
        yield call("post", f"{href}label_version/", label="release-7", number=1)
        yield call("get", f"{href}version_labels/")
        yield call("get", f"{href}diff/", old="0", new="release-7")
        yield call("post", f"{href}unlabel_version/", label="release-7")
        yield call("post", f"{href}check_closure/", crates=[{"name": name}])
        yield call("post", f"{href}check_dependencies/")
        yield call("post", f"{href}promote/", source=self.other, crates=[named])
        yield call("post", f"{href}yank/", **named)
        yield call("post", f"{href}unyank/", **named)
        yield call("post", f"{href}remove/", crates=[named])
        yield call("post", f"{href}modify/", add_content_units=[])
        yield call("post", f"{href}sync/", remote=self.remote["pulp_href"])
        yield call("get", f"{href}versions/")
        yield call("get", f"{href}versions/1/")
        yield call("post", f"{href}versions/1/repair/", verify_checksums=False)

    def _of_distributions(self) -> Iterator[Call]:
        href, lists = self.registry.href, self.listed["pulp_href"]
        lock = lock_file(locked(self.crate))
        yield call("get", f"{href}config/")
        yield call("get", f"{lists}explain/", name=self.crate.name)
        yield call("get", f"{lists}collisions/")
        yield call("post", f"{lists}collisions/", names=[self.crate.name])
        yield call("post", f"{href}check/", lock_file=lock)
        yield call("post", f"{lists}check/", lock_file=("Cargo.lock", lock.encode()))
        yield call("post", f"{lists}prefetch/", lock_file=lock)
        for counts in ("downloads", "version_downloads", "daily_downloads"):
            yield call("get", f"{href}{counts}/")
        yield call("get", f"{href}search/", q=self.crate.name)

    def _of_others(self) -> Iterator[Call]:
        yield call("get", f"{self.policy['pulp_href']}held/")
        yield call("get", f"{self.remote['pulp_href']}replaced/")
        accepted = {"name": "leaf", "vers": "1.0.0", "checksum": "b"}
        yield call("post", f"{self.remote['pulp_href']}accept/", **accepted)
        yield from self._of_exporters()

    def _of_exporters(self) -> Iterator[Call]:
        path, href = "exporters/cargo/cargo/", self.exporter["pulp_href"]
        fields = {key: self.exporter[key] for key in ("format", "path", "distribution")}
        for one in (path, href, f"{href}exports/"):
            yield call("get", one)
        yield call("post", path, name=unique("exporter"), **fields)
        yield call("put", href, name=unique("exporter"), **fields)
        yield call("patch", href, format="directory")
        yield call("post", f"{href}exports/")
        done = self.rest.list(f"{href}exports/", limit=1)[0]
        yield call("get", done["pulp_href"])
        yield call("delete", done["pulp_href"])

    def _of_content(self) -> Iterator[Call]:
        file = crate_file(unique("leaf"), "1.0.0")
        yield call("post", f"{CONTENT}upload/", file=("a.crate", file))
        yield call("post", CONTENT, file=("a.crate", crate_file(unique("leaf"), "1.0.0")))
        yield call("post", "content/cargo/yanks/", name=unique("leaf"), vers="1.0.0")

    def _of_every_kind(self) -> Iterator[Call]:
        hrefs = {
            "cargo/crate-policies/": self.policy["pulp_href"],
            "cargo/tokens/": self.token["pulp_href"],
            "distributions/cargo/cargo/": self.registry.href,
            "remotes/cargo/cargo/": self.remote["pulp_href"],
            "repositories/cargo/cargo/": self.registry.repository,
        }
        for path, href in hrefs.items():
            yield call("get", path)
            yield call("get", href)
            yield call("get", f"{href}list_roles/")
            yield call("get", f"{href}my_permissions/")
            kind = path.split("/")[0].removesuffix("ies").removesuffix("s")
            model = {"distribution": "distribution", "remote": "remote", "repositor": "repository"}
            role = f"cargo.cargo{model.get(kind, 'token' if 'tokens' in path else 'cratepolicy')}_viewer"
            yield call("post", f"{href}add_role/", role=role, users=["admin"])
            yield call("post", f"{href}remove_role/", role=role, users=["admin"])
        for href in (*hrefs.values(), *self._units()):
            yield call("post", f"{href}set_label/", key="a", value="b")
            yield call("post", f"{href}unset_label/", key="a")
        for path in (CONTENT, "content/cargo/yanks/"):
            yield call("get", path)
        for href in self._units():
            yield call("get", href)
        name = unique("made")
        url = {"url": "sparse+https://r.example/i/"}
        other = unique("put")
        for path, fields, changed in (
            ("cargo/crate-policies/", {}, {}),
            ("distributions/cargo/cargo/", {"base_path": name}, {"base_path": other}),
            ("remotes/cargo/cargo/", url, url),
            ("repositories/cargo/cargo/", {}, {}),
        ):
            yield call("post", path, name=name, **fields)
            yield call("put", hrefs[path], name=other, **changed)
            yield call("patch", hrefs[path], pulp_labels={"a": "b"})
        yield call("post", "cargo/tokens/", name=name)

    def _units(self) -> list[str]:
        return [
            self.rest.list(path, limit=1)[0]["pulp_href"]
            for path in (CONTENT, "content/cargo/yanks/")
        ]

    def _of_deletions(self) -> Iterator[Call]:
        yield call("delete", f"{self.registry.repository}versions/1/")
        yield call("delete", self.token["pulp_href"])
        yield call("delete", self.exporter["pulp_href"])
        yield call("delete", self.listed["pulp_href"])
        yield call("delete", self.registry.href)
        yield call("delete", self.remote["pulp_href"])
        yield call("delete", self.registry.repository)
        yield call("delete", self.policy["pulp_href"])


def make_world(stack: Stack, name: str) -> World:
    """Make a registry with a crate, a list of upstreams, and all that belongs to them."""
    rest = stack.rest
    registry, crate = stack.make_registry(repository={"crate_owners": True}), Crate(name)
    other = stack.make_registry()
    for one in (registry, other):
        one.publish(crate)
    registry.publish(Crate(name, "2.0.0"))
    registry.yank(name, "2.0.0")
    rest.post(f"{registry.repository}label_version/", label="second", number=2)
    remote = rest.need("remotes/cargo/cargo/", name=unique("up"), url=other.index_url)
    store = rest.need(REPOSITORIES, name=unique("store"))["pulp_href"]
    entries = [
        {"name": "ours", "repository": registry.repository},
        {"name": "theirs", "remote": remote["pulp_href"], "repository": store},
    ]
    listed = rest.need(DISTRIBUTIONS, name=name, base_path=name, upstreams=entries)
    policy = rest.need("cargo/crate-policies/", name=unique("p"), block=[{"crate": "evil"}])
    token = rest.need("cargo/tokens/", name=unique("ci"))
    ids = {
        "remote": remote["prn"].rpartition(":")[2],
        "policy": policy["prn"].rpartition(":")[2],
        "registry": registry.href.rstrip("/").rpartition("/")[2],
    }
    with stack.connect() as database:
        for row in ROWS:
            database.execute(row, ids)
    exporter = rest.make(
        "exporters/cargo/cargo/",
        name=unique("exporter"),
        format="directory",
        path=str(stack.data_dir / "exports" / name),
        distribution=registry.href,
    )
    rest.post(f"{exporter['pulp_href']}exports/")
    other_user = rest.new_user().auth[0]
    return World(
        rest, registry, other.repository, crate, listed, remote, policy, token, exporter, other_user
    )


def path_of(document: dict[str, Any], href: str) -> str:
    """Return the path of the schema that a URL is an instance of; the one with most words."""
    found = [
        path
        for path in document["paths"]
        if re.fullmatch(
            re.sub(r"{number}", "[0-9]+", re.sub(r"{\w*(?:id|pk)}", "[0-9a-f-]{36}", path)), href
        )
    ]
    return min(found, key=lambda path: path.count("{"))

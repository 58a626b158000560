"""Every setting of the plugin with its default; Pulp's own settings file or `PULP_…` overrides them."""

# Maximum size of a .crate file, in bytes (crates.io: 10 MiB).
CARGO_MAX_CRATE_BYTES = 50 * 1024 * 1024
# Maximum unpacked size of a .crate file, in bytes (cargo's own limit is 512 MiB).
CARGO_MAX_UNPACKED_BYTES = 512 * 1024 * 1024
# Maximum number of files and folders in a .crate file.
CARGO_MAX_ENTRIES = 20_000
# Maximum number of features of a crate, and of values of one feature (crates.io: 300 and 300).
CARGO_MAX_FEATURES = 10_000
# Maximum number of dependencies of a crate (crates.io: 500).
CARGO_MAX_DEPENDENCIES = 5_000
# How long a publish waits for a locked repository, in seconds (cargo's timeout is 30).
CARGO_BUSY_SECONDS = 25
# Memory of a content process for cached responses, in bytes.
CARGO_INDEX_CACHE_BYTES = 96 * 1024 * 1024
# How long the rights of a token are cached, in seconds; changes are sent to every process.
CARGO_TOKEN_MEMORY_SECONDS = 5
# How many versions a new repository retains, in addition to those that are served.
CARGO_RETAIN_REPO_VERSIONS = 100
# Other origins (scheme://host:port) of this Pulp, which mean the same registries.
CARGO_ORIGIN_ALIASES: list[str] = []
# The page where users get their tokens; if empty, the account page of Pulp's API app.
CARGO_LOGIN_URL = ""
# The origin (scheme://host:port) at which users reach Pulp's API app; if empty, CONTENT_ORIGIN.
CARGO_API_ORIGIN = ""
# How long an upstream's index file is served before it is revalidated, in seconds.
CARGO_UPSTREAM_MAX_AGE = 60
# Below this free space, in bytes, caches store nothing and publishes are refused.
CARGO_MIN_FREE_BYTES = 256 * 1024 * 1024
# A local copy of an advisory database (RustSec or OSV), a directory or an archive, if any.
CARGO_ADVISORY_DB = ""
# Networks that are not public, but that upstreams may lead to by `dl`, redirects and DNS.
CARGO_UPSTREAM_PRIVATE_NETWORKS: list[str] = []
# Whether downloads are counted, per registry, crate, version and day.
CARGO_COUNT_DOWNLOADS = True
# How long a verified password is remembered, in seconds, by the backend that does so; 0 for never.
CARGO_PASSWORD_MEMORY_SECONDS = 60

# No setting of ours: DRF's list, to which ours is added.
REST_FRAMEWORK = {
    "dynaconf_merge": True,
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "pulp_cargo.app.authentication.api_tokens.CargoTokenAuthentication"
    ],
}

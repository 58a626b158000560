"""Every setting of the plugin with its default; Pulp's own settings file or `PULP_…` overrides them."""

# The largest .crate file a publish may carry, in bytes (crates.io: 10 MiB).
CARGO_MAX_CRATE_BYTES = 50 * 1024 * 1024
# The largest unpacked size of a .crate file, in bytes (cargo itself stops at 512 MiB).
CARGO_MAX_UNPACKED_BYTES = 512 * 1024 * 1024
# The most files and folders in a .crate file.
CARGO_MAX_ENTRIES = 20_000
# The most features of a crate, and the most values of one feature (crates.io: 300 and 300).
CARGO_MAX_FEATURES = 10_000
# The most dependencies of a crate (crates.io: 500).
CARGO_MAX_DEPENDENCIES = 5_000
# How long a publish waits for a repository that a task holds, in seconds (cargo gives up at 30).
CARGO_BUSY_SECONDS = 25
# How much memory a content process spends on ready index answers, in bytes.
CARGO_INDEX_CACHE_BYTES = 96 * 1024 * 1024
# How long a token's verdict is remembered, in seconds; a change is told to every process at once.
CARGO_TOKEN_MEMORY_SECONDS = 5
# How many repository versions a new repository keeps; versions that are served are kept beyond it.
CARGO_RETAIN_REPO_VERSIONS = 100
# Other origins (scheme://host:port) under which people reach this Pulp; they mean the same registries.
CARGO_ORIGIN_ALIASES: list[str] = []
# Where cargo users get their tokens; empty: the registry's own /me page.
CARGO_LOGIN_URL = ""
# How long an upstream's index file is served before it is asked for again, in seconds.
CARGO_UPSTREAM_MAX_AGE = 60
# Below so much free space nothing more of upstreams is stored, and publishes are refused, in bytes.
CARGO_MIN_FREE_BYTES = 256 * 1024 * 1024
# A local copy of an advisory database (RustSec or OSV): a directory or an archive; empty: none.
CARGO_ADVISORY_DB = ""
# Networks that are not public, and to which upstreams elsewhere may lead by `dl`, redirects and DNS.
CARGO_UPSTREAM_PRIVATE_NETWORKS: list[str] = []

"""Timeouts and intervals of the app, in seconds.

They are read from here whenever they are needed, so that a test can shorten one. Only the limits of
queues (`Limits`) and of connections to upstreams (`upstream/connection.FOR_CACHES`, `FOR_SYNCS`), and
`upstream/client.GRACE_SECONDS`, are read when their modules are imported. Those that an administrator
can set are in `settings`.
"""

# Cargo gives up after 30 seconds without a response, so every wait within its requests is shorter.

# PostgreSQL: a query that only reads, a lock in a transaction, and opening the first connections.
READ_TIMEOUT_SECONDS = 20
LOCK_TIMEOUT_SECONDS = 2
WARM_UP_TIMEOUT_SECONDS = 10

# How long after its start a content process prepares for pages.
PAGES_PREPARATION_PAUSE_SECONDS = 0.3
# For how long a page or a search is sent again although counts of downloads, the age of versions, and
# which of them are refused for their age may have changed.
SERVED_CACHE_MAX_AGE_SECONDS = 60

# The health page: how long PostgreSQL may take to answer, and for how long the result is reused.
HEALTH_DATABASE_TIMEOUT_SECONDS = 1.5
HEALTH_FRESH_SECONDS = 1.0

# For how long a measurement of the free space is reused.
FREE_SPACE_FRESH_SECONDS = 1.0

# Messages: how often the listener checks that its connection is alive, which is also how long it waits
# for the reply, and the pause before it connects again.
LISTENER_PULSE_SECONDS = 5
LISTENER_RECONNECT_PAUSE_SECONDS = 0.5
# The longest wait for processes that do not acknowledge a change: after a publish, and after a change
# through the REST API.
ACKNOWLEDGEMENT_TIMEOUT_SECONDS = 1.0
BARRIER_TIMEOUT_SECONDS = 1.0
# How long an acknowledgement is stored, since it may arrive before the process that committed the
# change waits for it.
ACKNOWLEDGEMENT_MEMORY_SECONDS = 60.0

# Clients: the longest pause in receiving a response or sending a publish (cargo itself gives up after
# half of that), and the longest time for the whole body of a publish.
CLIENT_PAUSE_SECONDS = 60
PUBLISH_IDLE_TIMEOUT_SECONDS = 60
PUBLISH_BODY_TIMEOUT_SECONDS = 900

# Commits: the pause between two attempts to change a repository that a task has locked. Publishes wait
# for CARGO_BUSY_SECONDS; fetched crates wait longer, because no client waits for them.
COMMIT_BUSY_PAUSE_SECONDS = 0.1
# Maximum time for which a commit waits for publishes that are being examined.
COMMIT_GATHER_SECONDS = 0.05
PERSIST_BUSY_PAUSE_SECONDS = 1.0
PERSIST_BUSY_TIMEOUT_SECONDS = 600.0

# .crate files: how long a request waits until its file is read, first for a thread and then for a
# process. Reading itself has a limit on processor time (`reader/answering`).
EXAMINE_TIMEOUT_SECONDS = 10
READER_TIMEOUT_SECONDS = 10

# Queues: a batch is written when no item has been added for the quiet time, or when its first item
# has reached the maximum age. Reading crate files slows down clients that are still downloading.
PERSIST_QUIET_SECONDS = 1.0
PERSIST_MAX_AGE_SECONDS = 60.0
INDEX_STORE_MAX_AGE_SECONDS = 0.1
REFUSAL_LOG_MAX_AGE_SECONDS = 5.0
# The pause after the database could not store records of refusals.
REFUSAL_LOG_RETRY_SECONDS = 5.0
REFUSAL_LOG_CLEANUP_INTERVAL_SECONDS = 24 * 3600.0
# The same for counts of downloads; a process that is killed loses those of the last seconds.
DOWNLOAD_COUNTS_MAX_AGE_SECONDS = 5.0
DOWNLOAD_COUNTS_RETRY_SECONDS = 5.0
DOWNLOAD_COUNTS_SWEEP_INTERVAL_SECONDS = 3600.0
# For how long the most used crates of a registry are reused: sorting all counts takes a while.
USAGE_MEMORY_SECONDS = 60

# The end of a process: the longest time for writing each queue, and for background tasks. An attempt
# to change a locked repository takes two seconds.
COMMIT_DRAIN_SECONDS = 5
PERSIST_DRAIN_SECONDS = 10
INDEX_STORE_DRAIN_SECONDS = 5
REFUSAL_LOG_DRAIN_SECONDS = 5
DOWNLOAD_COUNTS_DRAIN_SECONDS = 5
BACKGROUND_DRAIN_SECONDS = 2

# Requests to upstreams: for a connection, for the next bytes, for a whole index file (cargo gives up
# after 30 seconds, so a longer wait would be useless), and for a whole .crate file.
UPSTREAM_CONNECT_TIMEOUT_SECONDS = 5
UPSTREAM_READ_TIMEOUT_SECONDS = 15
UPSTREAM_INDEX_TIMEOUT_SECONDS = 25
UPSTREAM_FILE_TIMEOUT_SECONDS = 900
# Searches of upstreams: for a whole response, for the turn and the response together, how often one is
# sent to a remote, how often a process looks whether it is its turn, and for how long a response is
# reused.
UPSTREAM_SEARCH_TIMEOUT_SECONDS = 4
UPSTREAM_SEARCH_WAIT_SECONDS = 5
UPSTREAM_SEARCH_INTERVAL_SECONDS = 1.0
UPSTREAM_SEARCH_TURN_PAUSE_SECONDS = 0.1
UPSTREAM_SEARCH_MEMORY_SECONDS = 60
# For how long a config.json is used, and an old one if a new one cannot be fetched.
UPSTREAM_CONFIG_SECONDS = 600
UPSTREAM_OLD_CONFIG_SECONDS = 30
# The longest `Retry-After` of an upstream that a sync waits for: it has its repository locked, as for
# the downloads themselves, which may take as long.
UPSTREAM_LONGEST_PAUSE_SECONDS = 300

# Syncs: for a connection, and for the next bytes. The time for a whole listing or file depends on the
# size of the registry, so it has no limit.
SYNC_CONNECT_TIMEOUT_SECONDS = 30
SYNC_READ_TIMEOUT_SECONDS = 300
# For a fetch of a git index, of which crates.io's takes a minute or two; how often the disk is checked
# meanwhile; and how long git may take to end once its output is read.
GIT_FETCH_TIMEOUT_SECONDS = 2 * 3600
GIT_FETCH_CHECK_INTERVAL_SECONDS = 1.0
GIT_END_TIMEOUT_SECONDS = 60

# Upstreams: how long to wait for one of which a stale copy can be served, for how long other requests
# do not wait for one that took longer, and for how long a missing crate is not requested again.
UPSTREAM_TIMEOUT_SECONDS = 2.0
UPSTREAM_SLOW_SECONDS = 10.0
UPSTREAM_MISSING_SECONDS = 5
# For how long stored versions stand in for an upstream that does not have them, or does not answer.
STAND_IN_SECONDS = 5.0
# How often clients of changed or deleted remotes are looked for, because they contain credentials.
UPSTREAM_CLIENTS_CHECK_INTERVAL_SECONDS = 60
# For how long a crate of which all versions are stored is not checked again.
WHOLE_CRATE_SECONDS = 600

# The advisory database: how often its files are checked for changes, and how long to wait until they
# are read for the first time; RustSec's thousand advisories take one second.
ADVISORY_CHECK_INTERVAL_SECONDS = 30.0
ADVISORY_READ_TIMEOUT_SECONDS = 10.0

# Lock files: how long upstreams may take for all index files of a check, which occupies a process of
# the API; how long reading stored copies may take; for how long requests do not wait for an upstream
# that took longer. A prefetch is a task, so no request waits for it.
LOCK_FILE_REQUEST_TIMEOUT_SECONDS = 5
LOCK_FILE_QUICK_TIMEOUT_SECONDS = 0.5
LOCK_FILE_SLOW_SECONDS = 30
PREFETCH_INDEX_TIMEOUT_SECONDS = 600

# Files in an object storage: how long a download waits for its turn (cargo gives up after 30 seconds
# without a response), and the longest turn, since a client may stop reading without disconnecting.
STORAGE_TURN_TIMEOUT_SECONDS = 10
STORAGE_TURN_SECONDS = 900

# A snapshot that a request has asked for: how long the request waits for the task that makes it, how
# often it looks, and for how long a failed task is not started again.
SNAPSHOT_TIMEOUT_SECONDS = 20.0
SNAPSHOT_INTERVAL_SECONDS = 0.5
SNAPSHOT_PAUSE_SECONDS = 60

# How often the progress report of a prefetch or an export is updated.
PROGRESS_INTERVAL_SECONDS = 0.5
# How long the thread of `runtime/ahead` waits for space before it looks whether anybody still reads.
READ_AHEAD_CHECK_INTERVAL_SECONDS = 0.5

# Imports: for how long `git` may read one index, and SQLite one database.
GIT_TIMEOUT_SECONDS = 600
SQLITE_TIMEOUT_SECONDS = 60

"""Every timeout and waiting time of the app, in seconds.

They are read from here when they are needed, so that a test can shorten one. What an administrator
sets is in `settings`.
"""

# Cargo gives up after 30 seconds without an answer, so whatever it waits for takes less.

# PostgreSQL: a query of a read, a lock in a transaction, and opening the first connections.
READ_TIMEOUT_SECONDS = 20
LOCK_TIMEOUT_SECONDS = 2
WARM_UP_TIMEOUT_SECONDS = 10

# The health page: how long PostgreSQL may take, and how long its answer is good for.
HEALTH_DATABASE_TIMEOUT_SECONDS = 1.5
HEALTH_FRESH_SECONDS = 1.0

# How long the amount of free space is good for.
FREE_SPACE_FRESH_SECONDS = 1.0

# Notices: how often the listener makes sure that its connection is alive, which is also how long it
# waits for a sign, and the pause before it connects again.
LISTENER_PULSE_SECONDS = 5
LISTENER_RECONNECT_PAUSE_SECONDS = 0.5
# How long to wait at most for processes that do not say that they have heard of a change: after a
# publish, and after a change by REST.
ACKNOWLEDGEMENT_TIMEOUT_SECONDS = 1.0
BARRIER_TIMEOUT_SECONDS = 1.0
# How long an acknowledgement is remembered. It may come before whoever committed looks for it; long
# after that nobody does.
ACKNOWLEDGEMENT_MEMORY_SECONDS = 60.0

# Clients: the longest that one may take nothing, or send nothing of a publish (cargo itself gives
# up after half of that), and the longest that the body of a publish may take in all.
CLIENT_PAUSE_SECONDS = 60
PUBLISH_IDLE_TIMEOUT_SECONDS = 60
PUBLISH_BODY_TIMEOUT_SECONDS = 900

# Commits: the pause between two attempts at a repository that a task holds. Publishes wait for
# CARGO_BUSY_SECONDS; what came through a cache waits longer, since nobody waits for it.
COMMIT_BUSY_PAUSE_SECONDS = 0.1
PERSIST_BUSY_PAUSE_SECONDS = 1.0
PERSIST_BUSY_TIMEOUT_SECONDS = 600.0

# Queues: a batch is written when nothing has come for so long, or its first item has waited for so
# long. Reading the files of crates takes time from clients that are still downloading.
PERSIST_QUIET_SECONDS = 1.0
PERSIST_MAX_AGE_SECONDS = 60.0
INDEX_STORE_MAX_AGE_SECONDS = 0.1
REFUSAL_LOG_MAX_AGE_SECONDS = 5.0
# How long to wait after a database that took no records of refusals.
REFUSAL_LOG_RETRY_SECONDS = 5.0
REFUSAL_LOG_CLEANUP_INTERVAL_SECONDS = 24 * 3600.0
# The same for counts of downloads; a process that is killed loses those of the last seconds.
DOWNLOAD_COUNTS_MAX_AGE_SECONDS = 5.0
DOWNLOAD_COUNTS_RETRY_SECONDS = 5.0
DOWNLOAD_COUNTS_SWEEP_INTERVAL_SECONDS = 3600.0

# The end of a process: how long it takes at most for what its queues hold, for tasks in the
# background. An attempt at a busy repository takes two seconds.
COMMIT_DRAIN_SECONDS = 5
PERSIST_DRAIN_SECONDS = 10
INDEX_STORE_DRAIN_SECONDS = 5
REFUSAL_LOG_DRAIN_SECONDS = 5
DOWNLOAD_COUNTS_DRAIN_SECONDS = 5
BACKGROUND_DRAIN_SECONDS = 2

# Requests to upstreams: for a connection, for the next bytes, for a whole index file (cargo gives up
# after 30 seconds; what takes longer would be for nobody), and for a whole .crate file.
UPSTREAM_CONNECT_TIMEOUT_SECONDS = 5
UPSTREAM_READ_TIMEOUT_SECONDS = 15
UPSTREAM_INDEX_TIMEOUT_SECONDS = 25
UPSTREAM_FILE_TIMEOUT_SECONDS = 900
# How long a config.json is good for, and for how long an old one stands in for one that cannot be had.
UPSTREAM_CONFIG_SECONDS = 600
UPSTREAM_OLD_CONFIG_SECONDS = 30
# The longest pause that an upstream may ask a sync for and get: the task holds its repository.
UPSTREAM_LONGEST_PAUSE_SECONDS = 60

# Upstreams: how long to wait for one whose last answer is stored here, and for how long others do
# not wait for one that took longer; how long a crate that it does not have is not asked for again.
UPSTREAM_TIMEOUT_SECONDS = 2.0
UPSTREAM_SLOW_SECONDS = 10.0
UPSTREAM_MISSING_SECONDS = 5
# How long what is stored stands in for an upstream that does not have it, or does not answer.
STAND_IN_SECONDS = 5.0
# How often to look for clients of remotes that were changed or deleted: they hold credentials.
UPSTREAM_CLIENTS_CHECK_INTERVAL_SECONDS = 60
# How long a crate of which all versions are stored is not looked at again.
WHOLE_CRATE_SECONDS = 600

# The advisory database: how often to look for changes of its files, and how long to wait for the
# first copy; RustSec's thousand advisories take one second.
ADVISORY_CHECK_INTERVAL_SECONDS = 30.0
ADVISORY_READ_TIMEOUT_SECONDS = 10.0

# Lock files: how long upstreams may take for all index files of one that is checked in a request,
# which keeps its process of the API waiting; how long what is here may take to be read; for how long
# requests do not wait for an upstream that took longer. Nobody's request waits for a prefetch.
LOCK_FILE_REQUEST_TIMEOUT_SECONDS = 5
LOCK_FILE_QUICK_TIMEOUT_SECONDS = 0.5
LOCK_FILE_SLOW_SECONDS = 30
PREFETCH_INDEX_TIMEOUT_SECONDS = 600

# Files in an object storage: how long a download waits for its turn (cargo gives up after 30 seconds
# without an answer), and the longest that a turn may take: a client may stop reading, and stay.
STORAGE_TURN_TIMEOUT_SECONDS = 10
STORAGE_TURN_SECONDS = 900

# How often the progress report of a prefetch is brought up to date.
PREFETCH_PROGRESS_INTERVAL_SECONDS = 0.5

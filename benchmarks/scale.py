"""The sizes of what a run creates and measures."""

from dataclasses import dataclass

# Dependencies of the projects that are fetched from crates.io: about 30 crates, and 450.
TOOL = """\
clap = { version = "4", features = ["derive"] }
serde_json = "1"
"""
SERVICE = """\
axum = "0.8"
bevy_ecs = "0.16"
clap = { version = "4", features = ["derive"] }
criterion = "0.5"
image = "0.25"
opentelemetry-otlp = "0.30"
ratatui = "0.29"
reqwest = "0.12"
sqlx = { version = "0.8", features = ["mysql", "postgres", "sqlite", "runtime-tokio-rustls"] }
tokio = { version = "1", features = ["full"] }
tonic = "0.13"
tracing-subscriber = "0.3"
"""
# Of each crate in the registries that are copied from one crate.
VERSIONS_PER_CRATE = 5


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of things, seconds for each run of the load generator, dependencies in TOML.

    A run of the load generator ends earlier with `enough` answers, unless that is 0.
    """

    tree: int
    versions: int
    filled: int
    huge: int
    largest: int
    imports: int
    many_versions: int
    publishes: int
    at_once: int
    large_bytes: int
    seconds: int
    enough: int
    turns: int
    repeats: int
    closure: str
    fetches: int
    clients: int
    new_bytes: int
    ruled: int
    searches: int
    index_crates: int
    index_changes: int
    needed: int


FULL = Scale(
    tree=200,
    versions=6,
    filled=10_000,
    huge=100_000,
    largest=1_000_000,
    imports=1_000,
    many_versions=1_000,
    publishes=100,
    at_once=960,
    large_bytes=40_000_000,
    seconds=5,
    enough=0,
    turns=20,
    repeats=5,
    closure=SERVICE,
    fetches=3,
    clients=50,
    new_bytes=10_000_000,
    ruled=1_000,
    searches=10_000,
    index_crates=20_000,
    index_changes=1_000,
    needed=200_000,
)
# Only checks that everything runs.
SHORT = Scale(
    tree=15,
    versions=2,
    filled=60,
    huge=500,
    largest=1_000,
    imports=20,
    many_versions=20,
    publishes=5,
    at_once=40,
    large_bytes=2_000_000,
    seconds=5,
    enough=100,
    turns=1,
    repeats=1,
    closure=TOOL,
    fetches=1,
    clients=10,
    new_bytes=1_000_000,
    ruled=10,
    searches=50,
    index_crates=50,
    index_changes=5,
    needed=200,
)

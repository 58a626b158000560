"""The tasks of workers. Pulp finds a task by its name in this package, so all are imported here."""

from pulp_cargo.app.tasks.closure import check_dependencies, promote
from pulp_cargo.app.tasks.export_registry import export_registry
from pulp_cargo.app.tasks.import_bundle import import_bundle
from pulp_cargo.app.tasks.import_crates import import_crates
from pulp_cargo.app.tasks.named_versions import remove, set_yanked
from pulp_cargo.app.tasks.prefetch import prefetch
from pulp_cargo.app.tasks.snapshot import make_snapshot
from pulp_cargo.app.tasks.synchronize import synchronize

__all__ = [
    "check_dependencies",
    "export_registry",
    "import_bundle",
    "import_crates",
    "make_snapshot",
    "prefetch",
    "promote",
    "remove",
    "set_yanked",
    "synchronize",
]

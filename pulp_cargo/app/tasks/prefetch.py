"""The task that prefetches the files that a lock file needs."""

from concurrent.futures import wait
from typing import Any

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import CreatedResource, ProgressReport, RepositoryVersion

from pulp_cargo.app.models import CargoDistribution
from pulp_cargo.app.queries.registry.registry import Registry, registry_of
from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.services.lock_file import prefetch as prefetch_files
from pulp_cargo.app.services.lock_file import prefetch_plan as service
from pulp_cargo.app.services.lock_file.prefetch import Fetched
from pulp_cargo.app.services.lock_file.prefetch_plan import Plan
from pulp_cargo.app.services.process import LooplessProcess, this_process
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.lock_file import parse_lock_file


def prefetch(
    distribution: str, lock_file: str, crates_io: bool | None = None, **kwargs: Any
) -> dict[str, Any]:
    """Fetch the missing files of a lock file, and return the result.

    Failures are listed in the result, and do not prevent other files from being fetched.
    """
    process = this_process()
    registry = registry_of(CargoDistribution.objects.get(pk=distribution))
    try:
        service.stores(registry)
        lock = parse_lock_file(lock_file)
        plan = service.plan(process.refresher, registry, lock, crates_io=crates_io)
        fetched = _fetch(process, registry, plan)
    except RegistryError as error:
        raise ValidationError(str(error)) from error
    finally:
        process.finish()
    for made in fetched.made:
        version = RepositoryVersion.objects.get(repository=made.repository, number=made.number)
        CreatedResource.objects.create(content_object=version)
    problems = [
        {"name": one.name, "vers": one.vers, "reason": one.sentence}
        for one in (*plan.problems, *fetched.problems)
    ]
    return {"fetched": fetched.count, "there": plan.there, "problems": problems}


def _fetch(process: LooplessProcess, registry: Registry, plan: Plan) -> Fetched:
    ended: list[None] = []
    report = ProgressReport(
        message="Fetching .crate files", code="cargo.prefetch", total=len(plan.absent)
    )
    with report:
        future = process.loop.start(
            prefetch_files.fetch(
                process.services.cache,
                process.services.disk,
                registry.domain,
                plan.absent,
                lambda: ended.append(None),
            )
        )
        while not future.done():
            wait([future], timeout=timeouts.PROGRESS_INTERVAL_SECONDS)
            report.increase_by(len(ended) - report.done)
        return future.result()

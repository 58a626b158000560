"""Reports and plans as JSON: what the REST API returns, and the results of tasks."""

from collections.abc import Mapping
from typing import Any

from pulp_cargo.app.services.closure.check import Report
from pulp_cargo.app.services.closure.promotion_plan import Copy, Plan
from pulp_cargo.rules.closure import Dependent, Elsewhere, Unmet

# How many of the versions that do not meet a requirement are shown.
MOST_THERE = 10

Json = dict[str, Any]


def report_json(report: Report) -> Json:
    """Return a report."""
    return {
        "passes": report.passes,
        "versions": report.versions,
        "unmet": [_unmet(one) for one in report.unmet],
        "unmet_count": report.unmet_count,
        "without_file": [{"name": one.name, "vers": one.vers} for one in report.without_file],
        "without_file_count": report.without_file_count,
        "elsewhere": [_elsewhere(one) for one in report.elsewhere],
        "elsewhere_count": report.elsewhere_count,
    }


def plan_json(plan: Plan) -> Json:
    """Return a plan."""
    return {
        "passes": not plan.problems,
        "copies": [_copy(one) for one in plan.copies],
        "there": plan.there,
        "problems": [
            {"name": one.name, "vers": one.vers, "reason": one.sentence} for one in plan.problems
        ],
        "elsewhere": [_elsewhere(one) for one in plan.elsewhere],
        "stands_in_for": list(plan.stands_in_for),
    }


def _copy(copy: Copy) -> Json:
    return {
        "name": copy.stored.name,
        "vers": copy.stored.vers,
        "yanked": copy.stored.yanked,
        "needed_by": None if copy.needed_by is None else _version(copy.needed_by),
    }


def _unmet(unmet: Unmet) -> Json:
    return {
        **_dependency(unmet),
        "reason": unmet.reason.value,
        "there": list(unmet.there[:MOST_THERE]),
    }


def _elsewhere(elsewhere: Elsewhere) -> Json:
    return {"registry": elsewhere.registry, **_dependency(elsewhere)}


def _dependency(dependency: Unmet | Elsewhere) -> Json:
    return {
        "name": dependency.name,
        "req": dependency.req,
        "needed_by": [_version(one) for one in dependency.needed_by],
        "dependents": dependency.dependents,
    }


def _version(version: Dependent) -> Mapping[str, str]:
    return {"name": version.name, "vers": version.vers}

"""The results of a run, as text and as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Measure

HEAD = ("what", "ours", "unit", "target", "", "nginx", "ours/nginx")


def render(measures: Sequence[Measure], notes: Sequence[str]) -> str:
    """Return the table as text, followed by the notes."""
    rows = [HEAD, *(_cells(measure) for measure in measures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["  ".join(_aligned(row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, *(f"note: {note}" for note in notes)])


def write_json(path: Path, measures: Sequence[Measure], notes: Sequence[str]) -> None:
    """Write all measurements, with the properties of the machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    results = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "load_at_end": os.getloadavg()[0],
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "measures": [asdict(measure) | {"ratio": measure.ratio} for measure in measures],
        "notes": list(notes),
    }
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")


def _cells(measure: Measure) -> tuple[str, ...]:
    target = measure.target
    return (
        measure.what,
        _number(measure.value),
        measure.unit,
        f"{target.sign} {_number(target.bound)}" if target else "",
        ("yes" if target.is_reached(measure.value) else "no") if target else "",
        _number(measure.nginx),
        _number(measure.ratio),
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    numbers = {1, 3, 5, 6}
    return [
        cell.rjust(width) if i in numbers else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"

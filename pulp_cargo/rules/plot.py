"""A plot of downloads per day, as an SVG image with a text for those who do not see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

WIDTH, HEIGHT = 600, 120
MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Day:
    """The downloads of a day."""

    day: date
    count: int


def plot(days: Sequence[Day], *, title: str, id_prefix: str = "plot") -> str:
    """Return an SVG with a bar for each day from the first to the last; empty without any.

    Colours come from the stylesheet, by the classes `plot` and `bar`. `id_prefix` is not escaped.

    >>> plot([Day(date(2030, 1, 1), 3), Day(date(2030, 1, 3), 1)], title="a").count("<rect")
    2
    """
    found = {one.day: one.count for one in days}
    if not found:
        return ""
    last = max(found)
    first = max(min(found), last - timedelta(days=MOST_DAYS - 1))
    count = (last - first).days + 1
    shown = [first + timedelta(days=number) for number in range(count)]
    most = max(found.get(day, 0) for day in shown)
    width = WIDTH / count
    bars = [
        _bar(number * width, width, found[day], most)
        for number, day in enumerate(shown)
        if found.get(day, 0) > 0
    ]
    return (
        f'<svg class="plot" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
        f' aria-labelledby="{id_prefix}-title {id_prefix}-text">'
        f'<title id="{id_prefix}-title">{escape(title)}</title>'
        f'<desc id="{id_prefix}-text">{summary([Day(day, found.get(day, 0)) for day in shown])}</desc>'
        f"{''.join(bars)}</svg>"
    )


def summary(days: Sequence[Day]) -> str:
    """Return the plot in words.

    >>> summary([Day(date(2030, 1, 1), 3), Day(date(2030, 1, 2), 1)])
    '4 downloads from 2030-01-01 to 2030-01-02, at most 3 a day (2030-01-01)'
    """
    total = sum(one.count for one in days)
    best = max(days, key=lambda one: one.count)
    return (
        f"{total:,} downloads from {days[0].day} to {days[-1].day},"
        f" at most {best.count:,} a day ({best.day})"
    )


def _bar(x: float, width: float, count: int, most: int) -> str:
    height = max(1.0, HEIGHT * count / most)
    return (
        f'<rect class="bar" x="{x:.2f}" y="{HEIGHT - height:.2f}" width="{max(width * 0.8, 0.5):.2f}"'
        f' height="{height:.2f}"/>'
    )

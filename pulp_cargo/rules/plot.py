"""A plot of downloads per day and version, as an SVG image with a text for those who do not see it."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

WIDTH, HEIGHT = 600, 120
MOST_DAYS = 400
# Further versions have a colour together, the last of `MOST_SERIES + 1`.
MOST_SERIES = 5
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Series:
    """The downloads of a version, or of several, per day; its colour is that of its place."""

    name: str
    days: Mapping[date, int]

    @property
    def total(self) -> int:
        """The downloads of all days."""
        return sum(self.days.values())


def series_of(counts: Mapping[str, Mapping[date, int]], named: Container[str]) -> list[Series]:
    """Return the most downloaded versions, the most downloaded first, and all others together.

    Versions that are not `named`, because they are not served, are among the others.

    >>> counts = {f"1.{n}.0": {date(2030, 1, 1): n} for n in range(8)}
    >>> [one.name for one in series_of(counts, named=set(counts) - {"1.7.0"})]
    ['1.6.0', '1.5.0', '1.4.0', '1.3.0', '1.2.0', 'others']
    """
    every = [Series(name, days) for name, days in counts.items() if name in named]
    every.sort(key=lambda one: (-one.total, one.name))
    unnamed = [days for name, days in counts.items() if name not in named]
    most = MOST_SERIES if unnamed or len(every) > MOST_SERIES + 1 else len(every)
    others: Counter[date] = Counter()
    for days in [*unnamed, *(one.days for one in every[most:])]:
        others.update(days)
    return [*every[:most], Series(OTHERS, others)] if others else every[:most]


def plot(series: Sequence[Series], *, title: str, id_prefix: str = "plot") -> str:
    """Return an SVG with a bar for each day from the first to the last; empty without any.

    A bar consists of the series, the first one at the bottom. Colours come from the stylesheet, by
    the classes `plot`, and `series-0` and so on. `id_prefix` is not escaped.

    >>> found = Series("1.0.0", {date(2030, 1, 1): 3, date(2030, 1, 3): 1})
    >>> plot([found], title="a").count("<path")
    1
    """
    totals: Counter[date] = Counter()
    for one in series:
        totals.update(one.days)
    if not totals:
        return ""
    last = max(totals)
    first = max(min(totals), last - timedelta(days=MOST_DAYS - 1))
    shown = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return (
        f'<svg class="plot" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
        f' aria-labelledby="{id_prefix}-title {id_prefix}-text">'
        f'<title id="{id_prefix}-title">{escape(title)}</title>'
        f'<desc id="{id_prefix}-text">{summary(shown, totals)}</desc>'
        f"{_stacked(series, shown, totals)}</svg>"
    )


def summary(days: Sequence[date], totals: Mapping[date, int]) -> str:
    """Return the plot in words.

    >>> days = [date(2030, 1, 1), date(2030, 1, 2)]
    >>> summary(days, {days[0]: 3, days[1]: 1})
    '4 downloads from 2030-01-01 to 2030-01-02, at most 3 a day (2030-01-01)'
    """
    total = sum(totals.get(day, 0) for day in days)
    best = max(days, key=lambda day: totals.get(day, 0))
    return (
        f"{total:,} downloads from {days[0]} to {days[-1]},"
        f" at most {totals.get(best, 0):,} a day ({best})"
    )


def _stacked(series: Sequence[Series], days: Sequence[date], totals: Mapping[date, int]) -> str:
    """Return a path for each series: a rectangle for each day, above those of earlier series."""
    most = max(totals.get(day, 0) for day in days)
    width = WIDTH / len(days)
    below = dict.fromkeys(days, 0.0)
    paths = []
    for number, one in enumerate(series):
        parts = []
        for place, day in enumerate(days):
            if count := one.days.get(day, 0):
                # Beside a million, one download can still be seen.
                height = max(1.0, HEIGHT * count / most)
                bottom = HEIGHT - below[day]
                below[day] += height
                bar = max(width * 0.8, 0.5)
                parts.append(
                    f"M{place * width:.2f} {bottom:.2f}v{-height:.2f}h{bar:.2f}V{bottom:.2f}z"
                )
        if parts:
            paths.append(f'<path class="series-{number}" d="{"".join(parts)}"/>')
    return "".join(paths)

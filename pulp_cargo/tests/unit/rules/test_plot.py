"""The plot of downloads: stacked bars for eyes, and the same in words."""

from datetime import date, timedelta

from pulp_cargo.rules.plot import Series, plot, series_of

FIRST = date(2030, 1, 1)


def days(*counts: int) -> dict[date, int]:
    """Return these counts for the days from the first one; days without any are left out."""
    return {FIRST + timedelta(days=place): count for place, count in enumerate(counts) if count}


def test_each_day_has_a_bar_of_all_versions() -> None:
    """Its height is its share of the highest one; a day without any download has none."""
    series = [Series("1.1.0", days(6, 0, 5, 0)), Series("1.0.0", days(4))]
    assert plot(series, title="Downloads of <a>") == (
        '<svg class="plot" role="img" viewBox="0 0 600 120" preserveAspectRatio="none"'
        ' aria-labelledby="plot-title plot-text">'
        '<title id="plot-title">Downloads of &lt;a&gt;</title>'
        '<desc id="plot-text">15 downloads from 2030-01-01 to 2030-01-03, at most 10 a day'
        " (2030-01-01)</desc>"
        '<path class="series-0" d="M0.00 120.00v-72.00h160.00V120.00z'
        'M400.00 120.00v-60.00h160.00V120.00z"/>'
        '<path class="series-1" d="M0.00 48.00v-48.00h160.00V48.00z"/></svg>'
    )


def test_nothing_is_drawn_without_days() -> None:
    """There is nothing to say either."""
    assert plot([], title="a") == ""
    assert plot([Series("1.0.0", {})], title="a") == ""


def test_days_without_any_download_are_in_words() -> None:
    """An empty plot has no bars."""
    drawn = plot([Series("1.0.0", {FIRST: 0})], title="a")
    assert "<path" not in drawn
    assert "0 downloads from 2030-01-01 to 2030-01-01" in drawn


def test_only_the_last_days_are_drawn() -> None:
    """However far apart the days are."""
    late = FIRST + timedelta(days=100_000)
    drawn = plot([Series("1.0.0", {FIRST: 1, late: 2})], title="a")
    assert drawn.count("M") == 1
    assert ">2 downloads from " in drawn


def test_small_numbers_can_be_seen() -> None:
    """Beside a million, one download still has a bar of one unit."""
    drawn = plot([Series("1.0.0", days(1_000_000, 1))], title="a")
    assert "v-1.00h" in drawn
    assert "1,000,001 downloads" in drawn


def test_versions_have_colours_by_their_downloads() -> None:
    """Five have one of their own; the others have one together, unless only one is left."""
    counts = {f"1.{number}.0": days(number, 1) for number in range(1, 8)}
    found = series_of(counts, named=counts)
    assert [one.name for one in found] == ["1.7.0", "1.6.0", "1.5.0", "1.4.0", "1.3.0", "others"]
    assert found[-1].days == days(3, 2)
    del counts["1.1.0"]
    assert [one.name for one in series_of(counts, named=counts)][-2:] == ["1.3.0", "1.2.0"]
    assert series_of({}, named=()) == []


def test_versions_that_are_not_served_have_no_name() -> None:
    """They were downloaded before a crate policy refused them, or before they were removed."""
    counts = {"1.0.0": days(3), "1.1.0": days(5, 2), "1.2.0": days(1)}
    found = series_of(counts, named={"1.0.0"})
    assert [(one.name, one.days) for one in found] == [
        ("1.0.0", days(3)),
        ("others", days(6, 2)),
    ]

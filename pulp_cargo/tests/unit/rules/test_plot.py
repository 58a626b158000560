"""The plot of downloads: bars for eyes, and the same in words."""

from datetime import date, timedelta

from pulp_cargo.rules.plot import Day, plot

FIRST = date(2030, 1, 1)


def test_each_day_with_downloads_has_a_bar() -> None:
    """Its height is its share of the highest one; a day without any has none."""
    days = [Day(FIRST, 10), Day(FIRST + timedelta(days=2), 5), Day(FIRST + timedelta(days=3), 0)]
    assert plot(days, title="Downloads of <a>") == (
        '<svg class="plot" role="img" viewBox="0 0 600 120" preserveAspectRatio="none"'
        ' aria-labelledby="plot-title plot-text">'
        '<title id="plot-title">Downloads of &lt;a&gt;</title>'
        '<desc id="plot-text">15 downloads from 2030-01-01 to 2030-01-04, at most 10 a day'
        " (2030-01-01)</desc>"
        '<rect class="bar" x="0.00" y="0.00" width="120.00" height="120.00"/>'
        '<rect class="bar" x="300.00" y="60.00" width="120.00" height="60.00"/></svg>'
    )


def test_nothing_is_drawn_without_days() -> None:
    """There is nothing to say either."""
    assert plot([], title="a") == ""


def test_days_without_any_download_are_in_words() -> None:
    """An empty plot has no bars."""
    drawn = plot([Day(FIRST, 0)], title="a")
    assert "<rect" not in drawn
    assert "0 downloads from 2030-01-01 to 2030-01-01" in drawn


def test_only_the_last_days_are_drawn() -> None:
    """However far apart the days are."""
    drawn = plot([Day(FIRST, 1), Day(FIRST + timedelta(days=100_000), 1)], title="a")
    assert drawn.count("<rect") == 1


def test_small_numbers_can_be_seen() -> None:
    """Beside a million, one download still has a bar of one unit."""
    days = [Day(FIRST, 1_000_000), Day(FIRST + timedelta(days=1), 1)]
    assert 'height="1.00"/>' in plot(days, title="a")
    assert "1,000,001 downloads" in plot(days, title="a")

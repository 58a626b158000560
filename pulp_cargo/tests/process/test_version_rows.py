"""The plugin writes repository versions by itself only on a core that it knows."""


def test_the_columns_of_this_core_are_those_the_statements_know() -> None:
    """On a core with other columns the plugin falls back to core's code; this one is known."""
    from pulp_cargo.app.models import version_rows

    assert version_rows.is_supported()

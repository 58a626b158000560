"""Ids that each upsert spends one of, whether it makes a row or not."""


def test_ids_do_not_run_out() -> None:
    """A busy cache spends the 2,147,483,647 of PostgreSQL's `integer` in months."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, data_type FROM information_schema.columns"
            " WHERE table_name LIKE 'cargo\\_%%' AND column_name = 'id' ORDER BY table_name",
            [],
        )
        assert cursor.fetchall() == [
            ("cargo_acceptedsnapshot", "bigint"),
            ("cargo_catalogcrate", "bigint"),
            ("cargo_catalogtag", "bigint"),
            ("cargo_claimedname", "bigint"),
            ("cargo_cratecatalog", "bigint"),
            ("cargo_cratedownloads", "bigint"),
            ("cargo_crateowner", "bigint"),
            ("cargo_dailydownloads", "bigint"),
            ("cargo_heldversion", "bigint"),
            ("cargo_replacedversion", "bigint"),
            ("cargo_repositorysnapshot", "bigint"),
            ("cargo_upstreamindexfile", "bigint"),
            ("cargo_usedversion", "bigint"),
            ("cargo_versiondownloads", "bigint"),
            ("cargo_versionlabel", "bigint"),
        ]

"""The URLs of a repository beyond those of its distributions."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

# One statement, so that concurrent additions are not lost.
ADD_URLS = """
    UPDATE cargo_cargorepository r SET {column} = r.{column} || ARRAY(
        SELECT DISTINCT url FROM unnest(%(urls)s::text[]) url
        WHERE NOT url = ANY(r.{column}) ORDER BY url
    )
    WHERE r.repository_ptr_id = %(repository)s AND NOT %(urls)s::text[] <@ r.{column}
"""


def add_aliases(repository: UUID, urls: Iterable[str]) -> bool:
    """Add URLs that mean the registries of a repository; return whether one of them is new."""
    return _add_urls("index_aliases", repository, urls)


def note_mirrored(repository: UUID, url: str) -> None:
    """Record that a repository has crates of an upstream that it no longer caches."""
    _add_urls("mirrored_urls", repository, [url])


def _add_urls(column: str, repository: UUID, urls: Iterable[str]) -> bool:
    with connection.cursor() as cursor:
        values = {"repository": repository, "urls": list(urls)}
        cursor.execute(ADD_URLS.format(column=column), values)
        return bool(cursor.rowcount)

"""Help texts for core's fields that have none in the OpenAPI schema.

Defaults of our fields are callable, so that they are not in the schema: generated clients send
every default of the schema with each PATCH, and would reset fields that were not set.
"""

from rest_framework import serializers

from pulp_cargo.app.serializers.storable import StorableRequest

MEANINGS = {
    "pulp_href": "The URL of this object in the REST API.",
    "pulp_labels": "Key-value pairs of your choice, to describe and find the object.",
    "versions_href": "The URL of the list of the repository's versions.",
    "latest_version_href": "The URL of the newest version of the repository.",
    "vuln_report": "The report on known vulnerabilities, if it exists.",
}


class DocumentedFields(StorableRequest):
    """Adds a help text to each of core's fields that has none."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """Return the fields, each with a help text."""
        fields = super().get_fields()
        for name, meaning in MEANINGS.items():
            if name in fields and not fields[name].help_text:
                fields[name].help_text = meaning
        return fields

"""Adds the registries to Pulp's content app; pulpcore imports this module in each of its workers."""

from django.conf import settings

from pulpcore.plugin.content import app

from pulp_cargo.app.endpoints.edge import edge, handle_registry
from pulp_cargo.app.endpoints.listener import listening
from pulp_cargo.app.endpoints.publish import remove_leftovers

PREFIX = "/pulp/cargo/{pulp_domain}/" if settings.DOMAIN_ENABLED else "/pulp/cargo/"

app.router.add_route("*", PREFIX + "{path:.*}", handle_registry)
app.middlewares.insert(0, edge)
app.on_startup.append(remove_leftovers)
app.cleanup_ctx.append(listening)

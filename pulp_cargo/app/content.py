"""Adds the registries to Pulp's content app, each of whose processes imports this module."""

from django.conf import settings

from pulpcore.plugin.content import app

from pulp_cargo.app.content_process import content_process
from pulp_cargo.app.endpoints.front.health import get_health
from pulp_cargo.app.endpoints.front.middleware import edge, handle_registry
from pulp_cargo.app.endpoints.http.core import leave_bodies_packed
from pulp_cargo.app.endpoints.http.style import get_root_style
from pulp_cargo.app.endpoints.memory.listener import listening

ROOT = "/pulp/cargo/"
PREFIX = ROOT + "{pulp_domain}/" if settings.DOMAIN_ENABLED else ROOT

# The HTTP parser must not decompress bodies: it would do so on the event loop, for any client,
# before the route and the token are checked.
leave_bodies_packed(app)
app.router.add_route("*", ROOT, get_health)
app.router.add_route("GET", ROOT + "style.css", get_root_style)
app.router.add_route("*", PREFIX + "{path:.*}", handle_registry)
if settings.OTEL_ENABLED:
    # Imported only here, since importing the module starts the export.
    from pulp_cargo.app.endpoints.front.telemetry import measured_edge

    app.middlewares.insert(0, measured_edge)
else:
    app.middlewares.insert(0, edge)
# What starts last ends first: the listener is closed before waiting changes are written, so that
# nothing waits for acknowledgements from this process.
app.cleanup_ctx.append(content_process)
app.cleanup_ctx.append(listening)

"""Adds the registries to Pulp's content app, each of whose processes imports this module."""

from django.conf import settings

from pulpcore.plugin.content import app

from pulp_cargo.app.endpoints.content_process import content_process
from pulp_cargo.app.endpoints.front.health import get_health
from pulp_cargo.app.endpoints.front.middleware import edge, handle_registry
from pulp_cargo.app.endpoints.http.core import leave_bodies_packed
from pulp_cargo.app.endpoints.http.style import get_root_style

ROOT = "/pulp/cargo/"
PREFIX = ROOT + "{pulp_domain}/" if settings.DOMAIN_ENABLED else ROOT

# Bodies are not unpacked by the HTTP parser: it would do that on the event loop, for any client,
# before a route or a token is checked.
leave_bodies_packed(app)
app.router.add_route("*", ROOT, get_health)
app.router.add_route("GET", ROOT + "style.css", get_root_style)
app.router.add_route("*", PREFIX + "{path:.*}", handle_registry)
app.cleanup_ctx.append(content_process)
if settings.OTEL_ENABLED:
    # Imported only here: the module starts to export metrics.
    from pulp_cargo.app.endpoints.front.telemetry import measured_edge, measuring

    app.middlewares.insert(0, measured_edge)
    app.cleanup_ctx.append(measuring)
else:
    app.middlewares.insert(0, edge)

"""Adds the registries to Pulp's content app; pulpcore imports this module in each of its workers."""

import resource
import sys
from contextlib import suppress

from django.conf import settings

from pulpcore.plugin.content import app

from pulp_cargo.app.endpoints.front.health import get_health
from pulp_cargo.app.endpoints.front.middleware import edge, handle_registry
from pulp_cargo.app.endpoints.http.core import leave_bodies_packed
from pulp_cargo.app.endpoints.memory.listener import listening
from pulp_cargo.app.endpoints.read.send_while_downloading import close_upstreams, open_upstreams
from pulp_cargo.app.endpoints.write.publish import finish_publishes, remove_leftovers

# Threads that unpack crates hold the interpreter for so long at a time, in seconds, while a request
# waits for its turn several times; Python's own 5 ms make a cold `cargo fetch` a quarter longer.
SWITCH_INTERVAL = 0.001
OPEN_FILES = 8192

ROOT = "/pulp/cargo/"
PREFIX = ROOT + "{pulp_domain}/" if settings.DOMAIN_ENABLED else ROOT

sys.setswitchinterval(SWITCH_INTERVAL)
# Files that came from upstreams are open until they are stored, and many systems begin with 1,024.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if _soft < OPEN_FILES:
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, _hard), _hard))
# Bodies come as they are sent: the HTTP parser would unpack them on the event loop, for anybody who
# sends one, before a route or a token is looked at.
leave_bodies_packed(app)
app.router.add_route("*", ROOT, get_health)
app.router.add_route("*", PREFIX + "{path:.*}", handle_registry)
if settings.OTEL_ENABLED:
    # Not before: the module starts to export.
    from pulp_cargo.app.endpoints.front.telemetry import measured_edge

    app.middlewares.insert(0, measured_edge)
else:
    app.middlewares.insert(0, edge)
app.on_startup.append(remove_leftovers)
app.on_startup.append(open_upstreams)
app.cleanup_ctx.append(listening)
app.on_cleanup.append(close_upstreams)
app.on_cleanup.append(finish_publishes)

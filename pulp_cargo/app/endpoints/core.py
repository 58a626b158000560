"""The names we need from pulpcore's content app that its plugin API does not offer.

They stand apart from `models/core`, since importing them starts the content app.
"""

from pulpcore.app.util import check_request_was_modified, get_worker_name
from pulpcore.content.authentication import authenticate
from pulpcore.metrics import init_otel_meter

__all__ = ["authenticate", "check_request_was_modified", "get_worker_name", "init_otel_meter"]

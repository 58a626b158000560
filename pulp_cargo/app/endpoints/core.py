"""The name we need from pulpcore's content app that its plugin API does not offer.

It stands apart from `models/core`, since importing it starts the content app.
"""

from pulpcore.content.authentication import authenticate

__all__ = ["authenticate"]

"""A local S3 server, which can refuse requests and delay uploads."""

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

S3 = "storages.backends.s3.S3Storage"
BUCKET = "crates"
# Maximum delay of an upload, in seconds.
PATIENCE = 60


class ObjectStorage:
    """A bucket, and the state of its server."""

    def __init__(self) -> None:
        # They take long to import, and each process of a run imports this module.
        import boto3
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._moto = DomainDispatcherApplication(create_backend_app)
        self._refusing = False
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        self.requests: list[str] = []
        self.waiting = threading.Event()
        self.server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=_Silent)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.client = boto3.client("s3", **self._access())
        self.client.create_bucket(Bucket=BUCKET)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Handle a request (WSGI)."""
        if self._refusing:
            start_response("403 Forbidden", [("Content-Length", "0")])
            return [b""]
        with self._lock:
            self.requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        answer = list(self._moto(environ, start_response))
        is_upload = environ["REQUEST_METHOD"] == "PUT" and "/artifact/" in environ["PATH_INFO"]
        if is_upload and not self._open.is_set():
            self.waiting.set()
            self._open.wait(PATIENCE)
        return answer

    @property
    def settings(self) -> dict[str, Any]:
        """The options for Pulp's storage client."""
        names = {"aws_access_key_id": "access_key", "aws_secret_access_key": "secret_key"}
        given = {names.get(name, name): value for name, value in self._access().items()}
        return {
            **given,
            "bucket_name": BUCKET,
            "addressing_style": "path",
            "signature_version": "s3v4",
            "max_memory_size": 4 * 1024 * 1024,
        }

    @property
    def environ(self) -> dict[str, str]:
        """The environment for a Pulp that uses this storage."""
        static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        storages = {"default": {"BACKEND": S3, "OPTIONS": self.settings}, "staticfiles": static}
        return {"PULP_STORAGES": f"@json {json.dumps(storages)}"}

    def names(self, prefix: str = "artifact/") -> set[str]:
        """Return the names of the objects."""
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return {one["Key"] for one in found.get("Contents", ())}

    def put(self, key: str, body: bytes) -> None:
        """Replace an object's bytes."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)

    def delete(self, key: str) -> None:
        """Delete an object."""
        self.client.delete_object(Bucket=BUCKET, Key=key)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse every request within the context."""
        self._refusing = True
        try:
            yield
        finally:
            self._refusing = False

    @contextmanager
    def holding_uploads(self) -> Iterator[None]:
        """Accept uploads of artifacts, but respond only at the end of the context."""
        self.waiting.clear()
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def _access(self) -> dict[str, str]:
        return {
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "aws_access_key_id": "key",
            "aws_secret_access_key": "secret",
        }


class _Silent(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Print nothing."""


@contextmanager
def running() -> Iterator[ObjectStorage]:
    """Run an S3 server within the context."""
    storage = ObjectStorage()
    try:
        yield storage
    finally:
        storage.server.shutdown()


def key_of(cksum: str) -> str:
    """Return the key of a file in the default domain."""
    return f"artifact/{cksum[:2]}/{cksum[2:]}"

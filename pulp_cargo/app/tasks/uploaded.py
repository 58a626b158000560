"""The file that a request has sent for a task: an upload in chunks, or a temporary file."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import PulpTemporaryFile, Upload, UploadChunk


@contextmanager
def sent_file(*, temporary_file: str | None, upload: str | None) -> Iterator[BinaryIO]:
    """Open the file, given by its id, and delete it at the end of the context.

    An upload is deleted only if the context succeeds, so that it can be retried.
    """
    if upload is not None:
        chunked = Upload.objects.get(pk=upload)
        with _joined(chunked) as file:
            yield file
        chunked.delete()
        return
    stored = PulpTemporaryFile.objects.get(pk=temporary_file)
    try:
        with stored.file.open("rb") as file:
            yield file
    finally:
        stored.delete()


@contextmanager
def _joined(upload: Upload) -> Iterator[BinaryIO]:
    """Join the chunks of an upload to a file; raises ValidationError if one is missing."""
    with tempfile.TemporaryFile(dir=".") as joined:
        for chunk in UploadChunk.objects.filter(upload=upload).order_by("offset"):
            if chunk.offset != joined.tell():
                break
            with chunk.file.open("rb") as part:
                for piece in part.chunks():
                    joined.write(piece)
        if joined.tell() != upload.size:
            raise ValidationError(
                f"the upload is incomplete: it has only the first {joined.tell()} of {upload.size}"
                " bytes"
            )
        joined.seek(0)
        yield joined

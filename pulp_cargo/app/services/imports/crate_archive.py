"""A tar archive of files, plain or compressed by gzip, read sequentially and under limits.

Any tar program may create such archives, so they are read with the standard library; .crate files
have their own reader (protocol/tar), which must agree with cargo. This module adds the limits that
tarfile lacks: it reads headers of any size, some of them in a time that grows with the square of
it, and takes a damaged header for the end of the archive.
"""

import io
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol, Self

from pulp_cargo.app.services.imports.source_file import SourceFile
from pulp_cargo.protocol.errors import BadRequest

GZIP_MAGIC = b"\x1f\x8b"
# Maximum number of .crate files in an archive; all are examined before any is stored.
MOST_FILES = 10_000
# Maximum number of files and folders; indexes have many, and git repositories.
MOST_ENTRIES = 20 * MOST_FILES
# Limit of the unpacked size: all of it is on a worker's disk for a while, and everybody who may
# upload can cause this.
MOST_BYTES = 8 * 1024**3
# Maximum bytes of the headers of an entry, in which a path takes up to one kilobyte: tarfile keeps
# them in memory for the whole archive.
MOST_HEADER_BYTES = 4 * 1024
# Maximum bytes of the pax headers of an entry, which have its extended attributes and access control
# lists, and of records in one of them. Only the records that are needed are passed to tarfile.
MOST_PAX_BYTES = 1024 * 1024
MOST_PAX_RECORDS = 1000
# Maximum number of gzip members: enough for the largest archive in compressed blocks of 64 KiB.
MOST_MEMBERS = 200_000

_NEEDED_RECORDS = (b"path", b"size", b"hdrcharset")
_RECORD_LENGTH = re.compile(rb"([0-9]{1,10}) ")
_KIND_AT = 156
_PAX_KINDS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
# Headers that are followed by data about the next entry.
_EXTENSIONS = (*_PAX_KINDS, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_CHUNK = 64 * 1024
# At the end of each member the rest of the chunk is copied, so chunks must be short.
_PACKED_CHUNK = 16 * 1024
_GZIP_ONLY = 16 + zlib.MAX_WBITS
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a FIFO",
}
# The errors that the standard library raises for damaged or malicious archives.
_DAMAGED = (tarfile.TarError, ValueError, OverflowError, RecursionError)


class _Readable(Protocol):
    """A file, or its unpacked bytes."""

    def read(self, size: int, /) -> bytes: ...


class _Gzip:
    """The unpacked bytes of a gzip file of one or more members (RFC 1952, 2.2), in linear time.

    The standard library's `gzip` reads headers and empty members in Python, partly byte by byte.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._packed = b""
        self._member = zlib.decompressobj(wbits=_GZIP_ONLY)
        self._members = 1

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end; raises EOFError and zlib.error."""
        while size > 0:
            if not self._packed:
                self._packed = self._file.read(_PACKED_CHUNK)
                is_end = not self._packed
            else:
                is_end = False
            if self._member.eof:
                # Files may be padded with zeros to the block size of a tape.
                self._packed = self._packed.lstrip(b"\0")
                if is_end:
                    return b""
                if not self._packed:
                    continue
                self._next_member()
            # At the end of the file, the decompressor may still have output.
            data = self._member.decompress(self._packed, size)
            self._packed = self._member.unconsumed_tail or self._member.unused_data
            if data:
                return data
            if is_end and not self._member.eof:
                raise EOFError
        return b""

    def _next_member(self) -> None:
        if not GZIP_MAGIC.startswith(self._packed[: len(GZIP_MAGIC)]):
            raise zlib.error("its end is not followed by a gzip member")
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise BadRequest(f"the archive has more than {MOST_MEMBERS} gzip members")
        self._member = zlib.decompressobj(wbits=_GZIP_ONLY)


class _Stream:
    """The unpacked bytes of an archive, and the number of bytes read so far."""

    def __init__(self, file: _Readable) -> None:
        self._file = file
        self.at = 0

    def read(self, size: int) -> bytes:
        """Return exactly `size` bytes; raises BadRequest if there are fewer, or too many in all."""
        data = self.read_some(size)
        while len(data) < size:
            more = self.read_some(size - len(data))
            if not more:
                raise BadRequest("the archive ends in the middle of its tar archive")
            data += more
        return data

    def read_some(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        try:
            data = self._file.read(size)
        except EOFError as error:
            raise BadRequest("the archive ends in the middle of its gzip data") from error
        except zlib.error as error:
            raise BadRequest(f"the archive is not valid gzip: {error}") from error
        self.at += len(data)
        if self.at >= MOST_BYTES:
            raise BadRequest(
                f"the archive unpacks to {MOST_BYTES} bytes or more, which is the limit; import it in"
                " parts"
            )
        return data


class _Headers(io.BufferedIOBase):
    """The archive for tarfile, which only reads headers, and only forward."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self._allowed = self._allowed_pax = 0
        # The kind of the last header, if data about the next entry follows it.
        self._extension: bytes | None = None
        self.is_sparse = False
        self.begin_entry()

    def begin_entry(self) -> None:
        """Allow the next entry as many bytes as any other."""
        self._allowed, self._allowed_pax = MOST_HEADER_BYTES, MOST_PAX_BYTES
        # Whether a pax header says so; tarfile does not get such records.
        self.is_sparse = False

    def tell(self) -> int:
        """Return the position up to which the archive was read."""
        return self._stream.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Skip bytes; raises BadRequest for an earlier position."""
        if offset < self._stream.at or whence != os.SEEK_SET:
            raise BadRequest("the archive has an entry of a negative size")
        while self._stream.at < offset:
            self._stream.read(min(_CHUNK, offset - self._stream.at))
        return offset

    def read(self, size: int | None = -1) -> bytes:
        """Return a header, or what extends one; raises BadRequest for more than is allowed."""
        wanted = -1 if size is None else size
        extension, self._extension = self._extension, None
        if extension in _PAX_KINDS:
            self._allowed_pax = _less(self._allowed_pax, wanted, MOST_PAX_BYTES)
            needed = b"".join(self._needed_records(self._stream.read(wanted)))
            self._allowed = _less(self._allowed, len(needed), MOST_HEADER_BYTES)
            # tarfile takes a zero for the end of the records.
            return needed + bytes(-len(needed) % tarfile.BLOCKSIZE)
        self._allowed = _less(self._allowed, wanted, MOST_HEADER_BYTES)
        data = self._stream.read(wanted)
        if extension is None and wanted == tarfile.BLOCKSIZE:
            kind = data[_KIND_AT : _KIND_AT + 1]
            self._extension = kind if kind in _EXTENSIONS else None
        return data

    def _needed_records(self, data: bytes) -> Iterator[bytes]:
        for key, record in _records(data):
            self.is_sparse |= key.startswith(b"GNU.sparse.")
            if key in _NEEDED_RECORDS:
                yield record


def _less(allowed: int, size: int, most: int) -> int:
    if not 0 <= size <= allowed:
        raise BadRequest(
            f"the archive has a tar extension of {size} bytes, or several of more than {most} together"
        )
    return allowed - size


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the records of a pax header with their keys, in a time that follows its size.

    Each is `<length> <key>=<value>` and a newline. Raises BadRequest for a damaged one.
    """
    at = records = 0
    while at < len(data) and data[at]:
        found = _RECORD_LENGTH.match(data, at)
        end = at + int(found[1]) if found else 0
        records += 1
        if found is None or end > len(data) or data[end - 1 : end] != b"\n":
            raise BadRequest("the archive has a damaged pax header")
        equals = data.find(b"=", found.end(), end)
        key = data[found.end() : equals]
        if equals < 0 or not key:
            raise BadRequest("the archive has a damaged pax header")
        if records > MOST_PAX_RECORDS:
            raise BadRequest(
                f"the archive has a pax header of more than {MOST_PAX_RECORDS} records"
            )
        yield key, data[at:end]
        at = end


class _Entry(tarfile.TarInfo):
    """A file or folder in the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a header; raises ReadError for a damaged one, which is the end for tarfile."""
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if any(buf):
                raise tarfile.ReadError(f"a header is damaged ({error})") from error
            raise


def archive_files(file: BinaryIO) -> Iterator[SourceFile]:
    """Iterate over the files in an archive; the content of each can be read before the next.

    Raises BadRequest for an archive that is damaged or too large.
    """
    stream = _Stream(_unpacked(file))
    for number, (entry, is_sparse) in enumerate(_entries(stream), start=1):
        if number > MOST_ENTRIES:
            raise BadRequest(f"the archive has more than {MOST_ENTRIES} files and folders")
        if not entry.isdir():
            fault = "it is a sparse file" if is_sparse else _fault(entry)
            yield SourceFile(entry.name, entry.size, stream.read, fault)


def _entries(stream: _Stream) -> Iterator[tuple[tarfile.TarInfo, bool]]:
    """Iterate over the entries, and whether each is sparse.

    The content of each can be read before the next.
    """
    headers = _Headers(stream)
    try:
        archive = tarfile.TarFile(
            fileobj=headers, tarinfo=_Entry, encoding="utf-8", errors="replace"
        )
        while (entry := archive.next()) is not None:
            is_sparse = headers.is_sparse or entry.issparse()
            headers.begin_entry()
            # tarfile would hold all entries in memory, each with a copy of the global records.
            entry.pax_headers = {}
            archive.members.clear()  # type: ignore[attr-defined]
            if entry.size < 0:
                raise BadRequest("the archive has an entry of a negative size")
            yield entry, is_sparse
    except _DAMAGED as error:
        raise BadRequest(f"the archive cannot be read: {error}") from error
    while rest := stream.read_some(_CHUNK):
        if any(rest):
            raise BadRequest("the archive has data after the end of its tar data")


def _fault(entry: tarfile.TarInfo) -> str | None:
    """Return what an entry is instead of a regular file, None for one."""
    if entry.isreg():
        return None
    return f"it is {_KINDS.get(entry.type, f'an entry of type {entry.type!r}')}"


def _unpacked(file: BinaryIO) -> _Readable:
    is_packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if is_packed:
        return _Gzip(file)
    if size >= MOST_BYTES:
        raise BadRequest(
            f"the archive has {size} bytes, and it must have less than {MOST_BYTES}; import it in"
            " parts"
        )
    return file

"""Which index files of upstreams the packages of a lock file need, and using the answers."""

from collections.abc import Collection, Iterator, Mapping

from pulp_cargo.app.queries.lock_file import File
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.services.cache.refresher import Answer
from pulp_cargo.app.services.lock_file.lookup import Lookup
from pulp_cargo.app.services.lock_file.upstreams import FromRemote
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable
from pulp_cargo.rules.resolution import Ask, CrateState, who_has


class FilesOfLockFile:
    """The index files of a lock file's crates, to be revalidated with the upstreams.

    This takes rounds: the next upstream in order is asked only if the one before does not have the
    crate, and none at all for a claimed name.
    """

    def __init__(self, lookup: Lookup, names: Collection[str]) -> None:
        self._lookup, self._names = lookup, sorted(names)
        self._asked: dict[File, FromRemote] = {}

    def next_files(self) -> Mapping[File, UpstreamRemote]:
        """Return the files to request next, by what is known so far."""
        following = dict(self._next())
        self._asked |= following
        return {file: one.upstream.remote for file, one in following.items()}

    def take(self, file: File, answer: Answer) -> None:
        """Use the answer for a file; an upstream that did not answer in time is noted."""
        indexes, upstream = self._lookup.indexes, self._asked[file].upstream
        match answer:
            case UpstreamUnreachable() | UpstreamIndexInvalid():
                indexes.note_fault(file, str(answer))
            case TimeoutError():
                sentence = f"`{upstream.name}` takes too long to respond; try again"
                indexes.note_silence(file, sentence)
            case None:
                indexes.take(file, None, is_old=False)
            case current:
                indexes.take(file, current.copy, is_old=current.age is not None)

    def _next(self) -> Iterator[tuple[File, FromRemote]]:
        lookup = self._lookup
        for name in self._names:
            answer = lookup.answer(name)
            states: dict[str, CrateState] = {}
            for one in lookup.asked(answer):
                is_new = isinstance(one, FromRemote) and one.file(name) not in self._asked
                if not is_new and (state := one.state(name)) is not None:
                    states[one.upstream.name] = state
            step = who_has(answer, states)
            for upstream in step.upstreams if isinstance(step, Ask) else ():
                one = lookup.upstreams[upstream]
                if isinstance(one, FromRemote) and one.file(name) not in self._asked:
                    yield one.file(name), one

"""What a publish and a yank do to a draft, and what becomes of changes that break a commit."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.db import InterfaceError, OperationalError

from pulp_cargo.protocol.errors import CrateNotFound, Forbidden, VersionNotFound
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.unavailable import RepositoryBusy
from pulp_cargo.rules.owners import NotAnOwner
from pulp_cargo.rules.token_scopes import Scope

if TYPE_CHECKING:
    from pulp_cargo.app.services.publish.commit import Committed, Result

REPOSITORY = UUID(int=1)
DOMAIN: Any = SimpleNamespace(name="default")


class Draft:
    """A draft of a repository that has `lab_base` 1.0.0+b, and remembers what is done to it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def spelling(self, canonical: str) -> str | None:
        """Return how the repository spells a name that it has."""
        return {"lab_base": "Lab-base"}.get(canonical)

    def has_version(self, canonical: str, vers: str) -> bool:
        """Return whether the repository has just this version."""
        return (canonical, vers) == ("lab_base", "1.0.0+b")

    def set_yanked(self, canonical: str, vers: str, *, yanked: bool) -> None:
        """Note that a version is yanked, or is no more."""
        self.done.append((canonical, vers, yanked))

    def require_owner(self, name: str, actor: Any) -> None:
        """Refuse whoever does not own the crate."""
        if actor == "a stranger":
            raise NotAnOwner(SimpleNamespace(username=actor), name)  # type: ignore[arg-type]

    def add_first_owner(self, name: str, actor: Any) -> None:
        """Note the owner of a new crate."""
        self.done.append((name, actor))

    def publish(self, unit: Any, file: Any) -> None:
        """Note a crate."""
        self.done.append((unit.name, file))

    def add_aliases(self, urls: frozenset[str]) -> None:
        """Note URLs."""
        self.done.append(urls)


def yank(
    draft: Draft, name: str, vers: str, *, yanked: bool = True, actor: str | None = None
) -> None:
    """Yank a version in a draft."""
    from pulp_cargo.app.services.publish.yank import Yank

    grant: Any = SimpleNamespace(actor=actor)
    change = Yank(parse_crate_name(name), parse_version(vers), yanked, grant)
    change.apply(draft)  # type: ignore[arg-type]


@pytest.mark.parametrize("yanked", [True, False])
def test_yank_is_of_a_version_in_any_spelling(yanked: bool) -> None:
    """Case makes no other crate."""
    draft = Draft()
    yank(draft, "LAB-Base", "1.0.0+b", yanked=yanked)
    assert draft.done == [("lab_base", "1.0.0+b", yanked)]


def test_yank_of_what_is_not_there_says_what_is_missing() -> None:
    """In the spelling of the one who asks; build metadata makes another version."""
    draft = Draft()
    with pytest.raises(VersionNotFound, match=r"has no version `1\.0\.0`"):
        yank(draft, "Lab-Base", "1.0.0")
    with pytest.raises(CrateNotFound, match="no crate `Leaf`"):
        yank(draft, "Leaf", "1.0.0")
    with pytest.raises(VersionNotFound, match=r"crate `Lab-Base` has no version `2\.0\.0\+b`"):
        yank(draft, "Lab-Base", "2.0.0+b")
    assert draft.done == []


@pytest.mark.parametrize("yanked", [True, False])
def test_yank_is_for_owners(yanked: bool) -> None:
    """The crate is looked up before, so a crate that is not there is a 404 for everybody."""
    draft = Draft()
    yank(draft, "Lab-base", "1.0.0+b", yanked=yanked, actor="an owner")
    with pytest.raises(NotAnOwner, match="of the crate `Lab-base`"):
        yank(draft, "Lab-base", "1.0.0+b", yanked=yanked, actor="a stranger")
    with pytest.raises(CrateNotFound):
        yank(draft, "Leaf", "1.0.0", yanked=yanked, actor="a stranger")
    assert draft.done == [("lab_base", "1.0.0+b", yanked)]


def publish(draft: Draft, name: str, *scopes: Scope, actor: str | None = None) -> None:
    """Publish a crate into a draft with a token of these scopes for this crate."""
    from pulp_cargo.app.services.publish.publish import Publish

    unit: Any = SimpleNamespace(name=name, canonical_name=name.lower().replace("-", "_"))
    grant: Any = SimpleNamespace(
        allows=lambda scope, crate, now: scope in scopes and crate == name, actor=actor
    )
    Publish(unit, "file", grant, (), frozenset(["url"])).apply(draft)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "scope", "owned"),
    [("Leaf", Scope.PUBLISH_NEW, [("Leaf", "me")]), ("LAB-Base", Scope.PUBLISH_UPDATE, [])],
)
def test_publish_needs_the_scope_of_what_it_does(
    name: str, scope: Scope, owned: list[tuple[str, str]]
) -> None:
    """A crate that the repository has in another spelling is not new; one that is gets an owner."""
    draft = Draft()
    publish(draft, name, scope, actor="me")
    assert draft.done == [(name, "file"), *owned, frozenset(["url"])]


@pytest.mark.parametrize("name", ["Leaf", "Lab-base"])
def test_publish_of_a_stranger_changes_nothing(name: str) -> None:
    """Also of a new crate, whose name may have owners from before."""
    draft = Draft()
    with pytest.raises(NotAnOwner, match=f"of the crate `{name}`"):
        publish(draft, name, *Scope, actor="a stranger")
    assert draft.done == []


@pytest.mark.parametrize(
    ("name", "scopes", "said"),
    [
        (
            "Leaf",
            [Scope.PUBLISH_UPDATE, Scope.YANK],
            "this token may not publish a new crate `Leaf`: it lacks the scope `publish-new`",
        ),
        (
            "Lab-base",
            [Scope.PUBLISH_NEW, Scope.YANK],
            "this token may not publish a new version `Lab-base`:"
            " it lacks the scope `publish-update`",
        ),
    ],
)
def test_publish_without_the_scope_is_refused(name: str, scopes: list[Scope], said: str) -> None:
    """The sentence names the scope; nothing is in the draft."""
    draft = Draft()
    with pytest.raises(Forbidden) as error:
        publish(draft, name, *scopes)
    assert (str(error.value), draft.done) == (said, [])


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception, str], list[list[str]]]:
    """Makes commits fail if they have a change; returns what was tried."""
    from pulp_cargo.app.services.publish import commit

    def fail(error: Exception, change: str) -> list[list[str]]:
        tried: list[list[str]] = []

        def attempt(repository: UUID, domain: Any, changes: Sequence[str]) -> "Result":
            assert (repository, domain) == (REPOSITORY, DOMAIN)
            tried.append(list(changes))
            if change in changes:
                raise error
            refusals = [Forbidden(one) if one == "refused" else None for one in changes]
            made = commit.Committed(REPOSITORY, len(tried), frozenset())
            return commit.Result(None if any(refusals) else made, refusals)

        monkeypatch.setattr(commit, "commit", attempt)
        return tried

    return fail


def together(*changes: str) -> tuple["Committed | None", list[str]]:
    """Commit changes; return what was made and what was said of each."""
    from pulp_cargo.app.services.publish.commit import commit_together

    result = commit_together(REPOSITORY, DOMAIN, changes)  # type: ignore[arg-type]
    return result.made, [str(refusal) for refusal in result.refusals]


def test_change_that_breaks_a_commit_does_so_alone(
    commits: Callable[[Exception, str], list[list[str]]], caplog: pytest.LogCaptureFixture
) -> None:
    """The others are committed one by one, and told of the last version that was made."""
    tried = commits(ZeroDivisionError("oh"), "bad")
    made, said = together("a", "bad", "b", "refused")
    assert tried == [["a", "bad", "b", "refused"], ["a"], ["bad"], ["b"], ["refused"]]
    assert made is not None and made.number == 4
    assert said == ["None", "oh", "None", "refused"]
    assert caplog.messages == ["A commit of 4 changes failed; committing them one by one."]
    assert together("bad", "refused")[0] is None


def test_change_that_is_alone_is_not_tried_again(
    commits: Callable[[Exception, str], list[list[str]]],
) -> None:
    """There is nobody to spare."""
    tried = commits(ZeroDivisionError("oh"), "bad")
    with pytest.raises(ZeroDivisionError):
        together("bad")
    assert tried == [["bad"]]


@pytest.mark.parametrize("error", [RepositoryBusy(), InterfaceError(), OperationalError()])
def test_database_that_does_not_answer_is_no_fault_of_a_change(
    commits: Callable[[Exception, str], list[list[str]]], error: Exception
) -> None:
    """Each alone would meet the same."""
    tried = commits(error, "a")
    with pytest.raises(type(error)):
        together("a", "b")
    assert tried == [["a", "b"]]

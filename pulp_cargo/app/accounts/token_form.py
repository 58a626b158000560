"""The form for a new token: what a browser sends, and the fields of the REST API that it means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.http import QueryDict
from django.utils import timezone

from pulpcore.plugin.models import Domain
from pulpcore.plugin.util import get_prn

from pulp_cargo.app.models import CargoDistribution
from pulp_cargo.app.queries.registry.usable import usable_registry
from pulp_cargo.app.serializers.token import DEFAULT_SCOPES
from pulp_cargo.rules.token_scopes import Scope

DEFAULT_DAYS = 90
MOST_DAYS = 3650
MEANINGS = {
    Scope.READ: "read a private registry",
    Scope.PUBLISH_NEW: "publish new crates",
    Scope.PUBLISH_UPDATE: "publish versions of existing crates",
    Scope.YANK: "yank and unyank versions",
    Scope.CHANGE_OWNERS: "change the owners of crates",
    Scope.API: "use Pulp's REST API; cannot be limited to certain registries or crates",
}
_SEPARATORS = re.compile(r"[\s,]+")
_DAYS = re.compile(r"[0-9]{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """A scope in the form."""

    scope: Scope
    chosen: bool

    @property
    def value(self) -> str:
        """The scope as the form sends it."""
        return self.scope.value

    @property
    def meaning(self) -> str:
        """What the scope allows."""
        return MEANINGS[self.scope]


@dataclass(slots=True)
class TokenForm:
    """What a form has in its fields; `errors` are sentences by field, "" for the whole form."""

    registry: str = ""
    name: str = ""
    chosen: frozenset[str] = frozenset(scope.value for scope in DEFAULT_SCOPES)
    crates: str = ""
    days: str = str(DEFAULT_DAYS)
    errors: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def sent(cls, post: QueryDict) -> "TokenForm":
        """Return the form as a browser has sent it."""
        return cls(
            registry=post.get("registry", ""),
            name=post.get("name", "").strip(),
            chosen=frozenset(post.getlist("scopes")),
            crates=post.get("crates", ""),
            days=post.get("days", "").strip(),
        )

    @property
    def scopes(self) -> Sequence[ScopeChoice]:
        """All scopes, with those that are chosen."""
        return [ScopeChoice(scope, scope.value in self.chosen) for scope in Scope]

    def fields(self, user: AbstractBaseUser, domain: Domain) -> dict[str, Any]:
        """Return the fields of the REST API; `errors` has what is wrong with the others."""
        patterns = [one for one in _SEPARATORS.split(self.crates) if one]
        found: dict[str, Any] = {"name": self.name, "crate_patterns": patterns}
        found["scopes"] = [scope.value for scope in Scope if scope.value in self.chosen]
        found["scopes"] += sorted(self.chosen - set(found["scopes"]))
        found["expires_at"] = self._expiry()
        distribution = self._distribution(user, domain)
        if distribution is not None:
            found["distribution"] = get_prn(distribution)
        return found

    def add_errors(self, detail: Mapping[str, Any] | Sequence[Any]) -> None:
        """Add the errors of the REST API, each to the field of the form that it is about."""
        by_field = detail if isinstance(detail, Mapping) else {"": detail}
        names = {"crate_patterns": "crates", "expires_at": "days", "distribution": "registry"}
        for name, found in by_field.items():
            place = names.get(name, name if name in ("name", "scopes") else "")
            self.errors.setdefault(place, []).extend(_sentences(found))

    def _expiry(self) -> str | None:
        if not self.days:
            return None
        days = int(self.days) if _DAYS.fullmatch(self.days) else 0
        if not 1 <= days <= MOST_DAYS:
            self.errors["days"] = [f"Enter a number of days from 1 to {MOST_DAYS}, or nothing."]
            return None
        return (timezone.now() + timedelta(days=days)).isoformat()

    def _distribution(self, user: AbstractBaseUser, domain: Domain) -> CargoDistribution | None:
        if not self.registry:
            return None
        is_text = "\0" not in self.registry
        distribution = usable_registry(user, domain, self.registry) if is_text else None
        if distribution is None:
            self.errors["registry"] = [f"There is no registry {self.registry!r} that you may use."]
        return distribution


def _sentences(detail: Any) -> list[str]:
    """Return the messages in a field's errors, which may be nested for lists."""
    match detail:
        case dict():
            return [sentence for inner in detail.values() for sentence in _sentences(inner)]
        case list():
            return [sentence for inner in detail for sentence in _sentences(inner)]
    return [str(detail)]

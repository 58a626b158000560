"""The cooldown of a crate policy: new versions are held back until they are some days old.

So there is time to find out that a version is malicious, before anybody builds with it. A version
that fixes an advisory is served at once.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pulp_cargo.protocol.semver import Version
from pulp_cargo.rules.policies.advisories import Advisory, fixes
from pulp_cargo.rules.policies.crate_policy import CratePolicy, Facts, Outcome, Rule, Verdict

_LAST_MOMENT = datetime.max.replace(tzinfo=UTC)


def age_begins(
    pubtime: str | None, first_seen: str | None, replaced_at: str | None, now: datetime
) -> datetime:
    """Return when a version's age begins: its publication, or when first seen, if earlier.

    The age of replaced bytes begins when they were first seen, or with a later `pubtime`. A time
    in the future is ignored.
    """
    published = _time(pubtime)
    if published is not None and published > now:
        published = None
    if replaced := _time(replaced_at):
        return max(replaced, published or replaced)
    times = [published, _time(first_seen)]
    return min((time for time in times if time is not None), default=now)


def newest_old_pubtime(days: int, now: datetime) -> str:
    """Return the latest `pubtime` of a version whose cooldown is over; such times sort as text."""
    return (now - timedelta(days=days)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cooldown_verdict(
    policy: CratePolicy,
    facts: Facts,
    now: datetime,
    advisories: Sequence[Advisory],
    older: Sequence[Version],
) -> Verdict | None:
    """Return the verdict on a version whose cooldown is not over, None on any other.

    `older` are the lower versions that are served.
    """
    cooldown = timedelta(days=policy.cooldown_days)
    # An upstream may claim any time, and the sum must not overflow.
    until = facts.since + min(cooldown, _LAST_MOMENT - facts.since)
    if not cooldown or until <= now:
        return None
    if fixed := fixes(advisories, facts.vers, older):
        sentence = f"{facts} is served before its cooldown ends because it fixes {', '.join(fixed)}"
        return Verdict(Outcome.SERVED, Rule.ADVISORY, sentence)
    sentence = (
        f"{facts} is refused until {minute(until)} by the cooldown: its age is counted from"
        f" {minute(facts.since)}, and it must be {policy.cooldown_days} days old"
    )
    return Verdict(Outcome.HELD, Rule.COOLDOWN, sentence, until)


def minute(moment: datetime) -> str:
    """Return a time as text, to the minute."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

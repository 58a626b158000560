"""By which digest the word of a remote is kept, which is stored: another one would be another word.

The digests are those of JSON that was written by hand.
"""

from collections.abc import Mapping
from uuid import UUID

import pytest

from pulp_cargo.rules.metadata_source import word_of

REMOTE = UUID(int=1)


@pytest.mark.parametrize(
    ("facts", "digest"),
    [
        # ["00000000-0000-0000-0000-000000000001",{}]
        ({}, "853d123a1080d237536c5409046ae56be8bce16e716b8b94aab52335c52ac403"),
        # ["00000000-0000-0000-0000-000000000001",{"authors":["A","B"],"license":"MIT"}]
        (
            {"license": "MIT", "authors": ["A", "B"]},
            "a2a65291e7e4c5d6604d1521d4072542f351a41b4f5935e158d272a9e02c49f1",
        ),
        (
            {"authors": ["A", "B"], "license": "MIT"},
            "a2a65291e7e4c5d6604d1521d4072542f351a41b4f5935e158d272a9e02c49f1",
        ),
        # ["00000000-0000-0000-0000-000000000001",{"description":"\ud800 \u00fc"}]
        (
            {"description": "\ud800 ü"},
            "c8668270c0f4e3b695917b4799f2b567c39b68f12cc1c41589ab628ab2be3393",
        ),
    ],
)
def test_word_of_a_remote_is_a_digest_of_what_it_says(
    facts: Mapping[str, object], digest: str
) -> None:
    """In whichever order it says it, and whatever characters are in it."""
    assert word_of(REMOTE, facts) == digest

"""JSON that somebody else wrote."""

import pytest

from pulp_cargo.protocol.errors import InvalidMetadata
from pulp_cargo.protocol.table import parse_json_object
from pulp_cargo.protocol.toml import parse_toml

TWICE = '{"a":"b","a":"c"}'


def test_key_that_is_there_twice_is_refused_only_where_that_is_asked_for() -> None:
    """What a client sends is checked; what others publish has always been read with its last one."""
    assert parse_json_object(TWICE, "it", InvalidMetadata).text("a") == "c"
    assert parse_json_object(TWICE, "it", InvalidMetadata, unique_keys=False).text("a") == "c"
    with pytest.raises(InvalidMetadata) as error:
        parse_json_object(TWICE, "it", InvalidMetadata, unique_keys=True)
    assert str(error.value) == "it is not JSON: the key 'a' occurs twice"


@pytest.mark.parametrize("digits", ["9" * 5000, "-" + "1" * 4301])
def test_number_with_too_many_digits_is_said_to_be_one(digits: str) -> None:
    """Without Python's advice to raise its limit, which no client can follow."""
    with pytest.raises(InvalidMetadata) as error:
        parse_json_object(f'{{"a":{digits}}}', "it", InvalidMetadata)
    assert str(error.value) == "it is not JSON: a number has too many digits"
    with pytest.raises(InvalidMetadata) as error:
        parse_toml(f"a = {digits}", "it", InvalidMetadata)
    assert str(error.value) == "it is not TOML: a number has too many digits"

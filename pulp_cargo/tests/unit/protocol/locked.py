"""The lock file of one package, to be changed by tests."""

from pulp_cargo.protocol.registry_url import CRATES_IO

CKSUM = "0123456789abcdef" * 4

LEAF = f"""
[[package]]
name = "leaf"
version = "1.0.0"
source = "registry+{CRATES_IO}"
checksum = "{CKSUM}"
"""
IN_METADATA = f'[metadata]\n"checksum leaf 1.0.0 (registry+{CRATES_IO})" = "{CKSUM}"\n'

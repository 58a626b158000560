"""How the stacks of the tests hash passwords: in one round, not in a million.

Pulp checks a password with every request that carries one, which is a quarter of a second of CPU
each time, and was nine tenths of what the API processes of the tests did. The tests of `serve` run
with Django's default.
"""

import json

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class OneRound(PBKDF2PasswordHasher):
    """Django's default, made quick."""

    iterations = 1


SETTING = {"PULP_PASSWORD_HASHERS": f"@json {json.dumps([f'{__name__}.{OneRound.__name__}'])}"}

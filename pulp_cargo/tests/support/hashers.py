"""A password hasher for the stacks of the tests, with one round instead of a million.

Pulp checks the password of every request with Basic credentials, which takes a quarter of a second
of CPU time, and was nine tenths of the load of the API processes. The tests of `serve` use Django's
default.
"""

import json

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class OneRound(PBKDF2PasswordHasher):
    """Django's default hasher with one round."""

    iterations = 1


SETTING = {"PULP_PASSWORD_HASHERS": f"@json {json.dumps([f'{__name__}.{OneRound.__name__}'])}"}

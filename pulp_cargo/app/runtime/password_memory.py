"""Passwords that were verified a moment ago, so that not every request costs a password hash.

What is remembered is a MAC of the user, the verified password and what Django's sessions depend on,
with a key that exists in the memory of this process only. So nobody learns a password from it, a
wrong password is never found, and a password or key that has changed is not found any more, in
whatever process it was changed.
"""

import hmac
import os
import secrets
import threading
from hashlib import sha256

from pulp_cargo.app.runtime.ttl_cache import TtlCache

# Maximum number of remembered passwords; each takes some hundred bytes.
MOST = 1_000


class PasswordMemory:
    """The passwords that were verified in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()
        # A forked process has users and a key of its own.
        os.register_at_fork(after_in_child=self._begin_anew)

    def forget(self) -> None:
        """Forget all passwords, and the key that they were remembered by."""
        with self._lock:
            self._key = secrets.token_bytes(32)
            self._verified: TtlCache[bytes, bool] = TtlCache(MOST)

    def remember(self, user: object, session_hash: str, password: str, seconds: float) -> None:
        """Remember for some seconds that this is the password of a user."""
        if seconds > 0:
            with self._lock:
                self._verified.put(self._mac(user, session_hash, password), True, seconds)

    def remembers(self, user: object, session_hash: str, password: str) -> bool:
        """Return whether the password was verified, and nothing has changed since."""
        with self._lock:
            return self._verified.get(self._mac(user, session_hash, password)) is True

    def _mac(self, user: object, session_hash: str, password: str) -> bytes:
        # `repr` quotes each part, so that no two triples have the same text.
        parts = repr((user, session_hash, password)).encode("utf-8", "surrogatepass")
        return hmac.new(self._key, parts, sha256).digest()

    def _begin_anew(self) -> None:
        # Another thread of the parent may have held the lock.
        self._lock = threading.Lock()
        self.forget()


# Django makes a new object of a backend for each request, so this belongs to the interpreter.
MEMORY = PasswordMemory()

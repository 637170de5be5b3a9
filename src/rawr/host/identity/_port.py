"""The port that proves who is calling, and several proofs as one."""

from collections.abc import Iterable
from typing import Protocol

from rawr.composition import Principal

from ._credentials import BearerToken, Credentials


class Identity(Protocol):
    """Verifies the credentials of a request."""

    async def authenticate(self, credentials: Credentials, /) -> Principal | None:
        """The principal the credentials prove, or None if they prove nobody.

        Compares secrets in constant time, or looks them up by their digest.
        """
        ...


class IdentityChain:
    """Providers asked in order, each for the one kind of credentials it verifies."""

    def __init__(self, *, bearer: Iterable[Identity], cookie: Iterable[Identity]) -> None:
        self._bearer = tuple(bearer)
        self._cookie = tuple(cookie)

    async def authenticate(self, credentials: Credentials, /) -> Principal | None:
        """See `Identity.authenticate`; the first provider that knows the caller wins."""
        is_bearer = type(credentials) is BearerToken
        for provider in self._bearer if is_bearer else self._cookie:
            principal = await provider.authenticate(credentials)
            if principal is not None:
                return principal
        return None

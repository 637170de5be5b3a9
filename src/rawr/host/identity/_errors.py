"""What goes wrong with identities.

IdentityError
├── InvalidIdentity    what is to be added makes no sense
├── AlreadyExists      a user of that name is there
├── UnknownIdentity    there is no such token or user
├── TooManyAttempts    wait before the next sign-in
└── HostBusy           the host that owns the data does not answer
"""


class IdentityError(Exception):
    """An identity cannot be used or administered; the message says what to do."""


class InvalidIdentity(IdentityError):
    """A name, role, expiry or password is not acceptable."""


class AlreadyExists(IdentityError):
    """A user of that name exists."""


class UnknownIdentity(IdentityError):
    """No token or user goes by that name."""


class TooManyAttempts(IdentityError):
    """Sign-in was tried too often."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts; try again in {retry_after} seconds.")
        self.retry_after = retry_after
        """Seconds to wait."""


class HostBusy(IdentityError):
    """The process that owns the data folder does not answer."""

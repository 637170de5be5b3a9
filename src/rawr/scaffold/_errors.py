"""What can go wrong with a scaffold.

ScaffoldError
    InvalidName         the name cannot be used
    UnknownManifest     rawr_hq.py is not written in a form that can be edited
"""


class ScaffoldError(Exception):
    """Nothing was generated; the message says what to do."""


class InvalidName(ScaffoldError):
    """The name cannot be used; the message says which one could."""


class UnknownManifest(ScaffoldError):
    """The manifest is written in a form of its own; the message says what to add by hand."""

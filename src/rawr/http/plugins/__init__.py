"""What handlers of every protocol can be given besides a router.

Plugins are given as `RPCHandler(router, plugins=[...])`. Where each stands is its own affair;
from the outside in:

    CORS             9_000_000   exchange
    CSRFProtection   8_000_000   call
    strict GET       (RPCHandler's own option, inside every call layer)
    Batch            5_000_000   exchange
"""

from ._batch import Batch

__all__ = ["Batch"]

"""RPC protocol v1: values as tagged JSON."""

from ._serializer import RPCSerializer
from ._types import CustomType, Payload, Tag

__all__ = ["CustomType", "Payload", "RPCSerializer", "Tag"]

"""The runtime ingress: where an Inngest server calls functions of this process over HTTP."""

from rawr.durable.ingress._app import create_ingress

__all__ = ["create_ingress"]

"""The runtime ingress: where an Inngest server calls functions of this process over HTTP."""

from rawr.durable.ingress._app import Ingress, RegistrationFailed, create_ingress

__all__ = ["Ingress", "RegistrationFailed", "create_ingress"]

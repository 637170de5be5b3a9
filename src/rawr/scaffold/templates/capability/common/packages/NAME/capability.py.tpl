"""Binds the package to what a host lends it."""

from typing import Final

from rawr.composition import HostPorts

from packages.$name.client import ${Name}Ports
from packages.$name.context import ${Name}Deps
from packages.$name.procedures.contract import READ, WRITE
from packages.$name.service import items
%% if workflow
from packages.$name.service.workflow import IMPORT
%% end

ROLES: Final = (READ, WRITE)
MIGRATIONS: Final = (items.MIGRATIONS,)


def provide(ports: HostPorts) -> ${Name}Ports:
%% if workflow
    """The package's ports on the host's database and run store."""
    deps = ${Name}Deps(
        items=items.SqliteItems(ports.database, ports.new_id),
        runs=ports.runs(IMPORT),
    )
    return ${Name}Ports(deps)
%% else
    """The package's ports on the host's database."""
    return ${Name}Ports(${Name}Deps(items=items.SqliteItems(ports.database, ports.new_id)))
%% end

"""Binds the package's procedures to their handlers."""

from rawr.procedure import Router, implement

from packages.$name.context import ${Name}Context
from packages.$name.middleware import require_role
%% if both
from packages.$name.procedures import imports, items
%% else
%% if api
from packages.$name.procedures import items
%% end
%% if workflow
from packages.$name.procedures import imports
%% end
%% end
from packages.$name.procedures.contract import ${Name}Package


def create_router() -> Router[${Name}Context]:
    """The package's router; plugins reach it through the in-process client."""
    os = implement(${Name}Package, ${Name}Context).use(require_role)
%% if api
    os.handler(${Name}Package.add_item)(items.add_item)
    os.handler(${Name}Package.get_item)(items.get_item)
%% end
%% if workflow
    os.handler(${Name}Package.plan_import)(imports.plan_import)
    os.handler(${Name}Package.import_items)(imports.import_items)
    os.handler(${Name}Package.complete_import)(imports.complete_import)
    os.handler(${Name}Package.fail_import)(imports.fail_import)
    os.handler(${Name}Package.get_run_status)(imports.get_run_status)
    os.handler(${Name}Package.get_run_timeline)(imports.get_run_timeline)
    os.stream(${Name}Package.watch_run)(imports.watch_run)
%% end
    return os.router()

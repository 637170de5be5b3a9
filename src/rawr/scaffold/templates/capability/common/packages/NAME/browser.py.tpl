%% if workflow
"""The browser-safe entry: domain values and the workflow contract, nothing of the server."""
%% else
"""The browser-safe entry: domain values, nothing of the server."""
%% end

from packages.$name.domain.item import Item, clean_title
%% if workflow
from packages.$name.domain.status import RunState, is_terminal_status
from packages.$name.workflows.contract import ${Name}Workflows
%% end

%% if workflow
__all__ = ["Item", "RunState", "${Name}Workflows", "clean_title", "is_terminal_status"]
%% else
__all__ = ["Item", "clean_title"]
%% end

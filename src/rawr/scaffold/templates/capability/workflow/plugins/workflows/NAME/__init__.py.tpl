"""The workflow plugin of $name."""

from rawr.composition import define_workflow_surface

from plugins.workflows.$name.context import create_context
from plugins.workflows.$name.contract import ${Name}Workflows
from plugins.workflows.$name.functions.event import ImportRequested
from plugins.workflows.$name.functions.imports import create_functions
from plugins.workflows.$name.router import create_router

surface = define_workflow_surface(
    contract=${Name}Workflows,
    create_router=create_router,
    create_context=create_context,
    create_functions=create_functions,
    events=(ImportRequested,),
)

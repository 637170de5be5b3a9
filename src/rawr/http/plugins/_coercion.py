"""Smart coercion: text as the types a schema asks for (oRPC's SmartCoercionPlugin)."""

from typing import Any, ClassVar

from typing_extensions import override

from rawr.http._coercer import Coercer
from rawr.http._plugin import Plugin
from rawr.procedure import Call, Next


class SmartCoercion(Plugin):
    """Turns what queries, forms and plain JSON carry as text into what the input asks for.

    It goes by the JSON Schema of the input, which is made once for each procedure, and runs
    before middleware and validation. What it cannot turn stays, for validation to report.
    """

    order: ClassVar[int] = 1_000_000

    @override
    def around_procedure(self, procedure: Next[Any]) -> Next[Any]:
        """See `Plugin.around_procedure`."""
        coercer: Coercer | None = None

        async def coercing(call: Call[Any]) -> object:
            nonlocal coercer
            schema = call.contract.definition.input
            if schema is None:
                return await procedure(call)
            if coercer is None:
                coercer = Coercer.of(schema)
            return await procedure(call.with_input(coercer.coerce(call.input)))

        return coercing

"""What can be asked of the graph: runs, their traces, their events; functions and apps."""

from collections.abc import Mapping
from itertools import islice
from typing import Final

import msgspec

from rawr.durable.api._apps import find_function, trigger_json
from rawr.durable.api._graph_arguments import optional_text, page_size, record, text, texts
from rawr.durable.api._graphql import TYPE_NAME, ObjectType, Resolver
from rawr.durable.api._graphql_parse import QueryError
from rawr.durable.api._query import instant, run_status
from rawr.durable.api._responses import NotFound, iso
from rawr.durable.api._run_search import RunFilter, find_runs
from rawr.durable.api._spans import (
    optional_iso,
    parse_output_id,
    run_output,
    status_name,
    step_output,
    trace_json,
)
from rawr.durable.domain.event import SCHEDULED_TIMER, Event, Json
from rawr.durable.domain.function import App, CronTrigger, FunctionConfig
from rawr.durable.engine import Engine, RunView
from rawr.durable.protocol.call import app_uuid, function_uuid

_NEWEST_FIRST: Final = frozenset({"QUEUED_AT", "STARTED_AT"})

Arguments = Mapping[str, Json]


class Queries:
    """The fields of the query root."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def fields(self) -> ObjectType:
        """The resolvers, by field."""
        return {
            "run": self._run,
            "runs": self._runs,
            "runTrigger": self._run_trigger,
            "runTrace": self._run_trace,
            "runTraceSpanOutputByID": self._output,
            "functionRun": self._function_run,
            "event": self._event,
            "eventV2": self._event_v2,
            "eventsV2": self._events_v2,
            "functions": self._functions,
            "functionBySlug": self._function_by_slug,
            "apps": self._apps,
        }

    async def view(self, run_id: str) -> RunView:
        """A run.

        Raises:
            NotFound: no run has this id.
        """
        run = await self._engine.get_run(run_id)
        if run is None:
            raise NotFound(f"No run has the id {run_id}")
        return run

    def run(self, run: RunView) -> ObjectType:
        """The object of a run."""
        return {
            TYPE_NAME: "FunctionRunV2",
            "id": run.id,
            "traceID": run.id,
            "functionID": function_uuid(run.function_id),
            "function": self._function_of(run),
            "status": status_name(run),
            "output": None if run.output is None else run.output.decode(),
            "queuedAt": iso(run.created_at),
            "startedAt": optional_iso(run.started_at),
            "endedAt": optional_iso(run.ended_at),
            "isBatch": len(run.event_ids) > 1,
            "batchCreatedAt": iso(run.created_at) if len(run.event_ids) > 1 else None,
            "triggerIDs": list(run.event_ids),
            "eventName": self._event_name(run),
            "cronSchedule": self._cron(run),
            "originalRunID": run.original_run_id,
            "trace": self._trace(run),
        }

    def app(self, app: App) -> ObjectType:
        """The object of an app."""
        return {
            TYPE_NAME: "App",
            "id": app_uuid(app.id),
            "externalID": app.id,
            "name": app.id,
            "url": app.url,
            "sdkLanguage": app.sdk.partition(":")[0],
            "sdkVersion": app.sdk.partition(":v")[2],
            "framework": app.framework,
            "connected": True,
            "functionCount": len(app.functions),
            "functions": [self._function(one) for one in app.functions],
        }

    async def _run(self, arguments: Arguments) -> Json:
        return self.run(await self.view(text(arguments, "runID")))

    async def _runs(self, arguments: Arguments) -> Json:
        wanted = self._filter(record(arguments, "filter"))
        _check_order(arguments.get("orderBy"))
        first = page_size(arguments)
        after = optional_text(arguments, "after")
        found: list[RunView] = []
        async for run in find_runs(self._engine, wanted, before=after):
            found.append(run)
            if len(found) > first:
                break

        async def total(_arguments: Arguments) -> int:
            return sum([1 async for _ in find_runs(self._engine, wanted)])

        edges = [{"cursor": run.id, "node": self.run(run)} for run in islice(found, first)]
        return {**_page(edges, has_next=len(found) > first, after=after), "totalCount": total}

    def _filter(self, given: Arguments) -> RunFilter:
        if optional_text(given, "query"):
            raise QueryError('The filter "query" is not supported; filter by functions or statuses')
        functions = [find_function(self._engine, one).id for one in texts(given, "functionIDs")]
        statuses = [run_status(one) for one in texts(given, "status")]
        return RunFilter(
            function_ids=frozenset(functions),
            statuses=frozenset(one for one in statuses if one is not None),
            created_from=instant(optional_text(given, "from"), "from"),
            created_until=instant(optional_text(given, "until"), "until"),
        )

    async def _run_trigger(self, arguments: Arguments) -> Json:
        state = await self._engine.run_state(text(arguments, "runID"))
        first, events = state.run.event, state.run.events
        return {
            TYPE_NAME: "RunTraceTrigger",
            "eventName": first.name,
            "IDs": [event.internal_id for event in events],
            "timestamp": iso(first.received_at),
            "payloads": [_payload(event) for event in events],
            "isBatch": len(events) > 1,
            "batchID": state.run.id if len(events) > 1 else None,
            "cron": _schedule(first),
        }

    async def _run_trace(self, arguments: Arguments) -> Json:
        run = await self.view(text(arguments, "runID"))
        return await self._trace(run)({})

    async def _output(self, arguments: Arguments) -> Json:
        run_id, step_id = parse_output_id(text(arguments, "outputID"))
        if step_id is None:
            return run_output(await self.view(run_id))
        for step in await self._engine.run_steps(run_id):
            if step.id == step_id:
                return step_output(step)
        raise NotFound("No span has this output id")

    async def _function_run(self, arguments: Arguments) -> Json:
        return self.run(await self.view(text(record(arguments, "query"), "functionRunId")))

    async def _event(self, arguments: Arguments) -> Json:
        query = arguments.get("query")
        event_id = text(query if isinstance(query, dict) else {}, "eventId")
        event = await self._known_event(event_id)
        return {
            TYPE_NAME: "Event",
            "id": event.internal_id,
            "externalID": event.id,
            "name": event.name,
            "createdAt": iso(event.received_at),
            "payload": msgspec.json.encode(event.data).decode(),
            "functionRuns": self._runs_of(event),
        }

    async def _event_v2(self, arguments: Arguments) -> Json:
        return self._event_object(await self._known_event(text(arguments, "id")))

    async def _events_v2(self, arguments: Arguments) -> Json:
        given = record(arguments, "filter")
        names = texts(given, "eventNames")
        if len(names) > 1:
            raise QueryError("Events can be filtered by one name at a time")
        first = page_size(arguments)
        after = optional_text(arguments, "after")
        events = await self._engine.list_events(
            limit=first + 1,
            before=after,
            name=names[0] if names else None,
            received_after=instant(optional_text(given, "from"), "from"),
            received_before=instant(optional_text(given, "until"), "until"),
        )
        shown = events[:first]
        edges = [{"cursor": one.internal_id, "node": self._event_object(one)} for one in shown]
        return _page(edges, has_next=len(events) > first, after=after)

    async def _functions(self, _arguments: Arguments) -> Json:
        return [self._function(one) for one in self._engine.functions()]

    async def _function_by_slug(self, arguments: Arguments) -> Json:
        query = record(arguments, "query")
        return self._function(find_function(self._engine, text(query, "functionSlug")))

    async def _apps(self, _arguments: Arguments) -> Json:
        return [self.app(app) for app in self._engine.apps()]

    async def _known_event(self, event_id: str) -> Event:
        event = await self._engine.get_event(event_id)
        if event is None:
            raise NotFound(f"No event has the id {event_id}")
        return event

    def _function(self, function: FunctionConfig) -> ObjectType:
        async def app(_arguments: Arguments) -> Json:
            owner = next(one for one in self._engine.apps() if one.id == function.app_id)
            return self.app(owner)

        return {
            TYPE_NAME: "Function",
            "id": function_uuid(function.id),
            "slug": function.id,
            "name": function.name,
            "url": function.url,
            "appID": app_uuid(function.app_id),
            "app": app,
            "triggers": [
                {
                    "type": "CRON" if isinstance(one, CronTrigger) else "EVENT",
                    "value": one.cron if isinstance(one, CronTrigger) else one.event,
                    "condition": trigger_json(one).get("expression"),
                }
                for one in function.triggers
            ],
        }

    def _function_of(self, run: RunView) -> Resolver:
        async def resolve(_arguments: Arguments) -> Json:
            return self._function(find_function(self._engine, run.function_id))

        return resolve

    def _event_object(self, event: Event) -> ObjectType:
        return {
            TYPE_NAME: "EventV2",
            "id": event.internal_id,
            "idempotencyKey": event.id,
            "name": event.name,
            "version": event.v,
            "occurredAt": iso(event.ts),
            "receivedAt": iso(event.received_at),
            "raw": _payload(event),
            "runs": self._runs_of(event),
        }

    def _runs_of(self, event: Event) -> Resolver:
        async def resolve(_arguments: Arguments) -> Json:
            found = await self._engine.runs_of_event(event.internal_id)
            return [self.run(run) for run in found]

        return resolve

    def _trace(self, run: RunView) -> Resolver:
        async def resolve(_arguments: Arguments) -> Json:
            steps = await self._engine.run_steps(run.id)
            metadata = await self._engine.run_metadata(run.id)
            return trace_json(run, steps, metadata, await self._engine.run_spans(run.id))

        return resolve

    def _event_name(self, run: RunView) -> Resolver:
        async def resolve(_arguments: Arguments) -> Json:
            return (await self._known_event(run.event_ids[0])).name

        return resolve

    def _cron(self, run: RunView) -> Resolver:
        async def resolve(_arguments: Arguments) -> Json:
            return _schedule(await self._known_event(run.event_ids[0]))

        return resolve


def _check_order(orders: Json) -> None:
    for order in orders or []:
        is_known = isinstance(order, dict) and order.get("field") in _NEWEST_FIRST
        if not is_known or order.get("direction") != "DESC":
            raise QueryError("Runs come newest first: order by QUEUED_AT DESC, or leave it out")


def _page(edges: list[Json], *, has_next: bool, after: str | None) -> dict[str, Json]:
    info = {
        "hasNextPage": has_next,
        "hasPreviousPage": after is not None,
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
    }
    return {"edges": edges, "pageInfo": info}


def _payload(event: Event) -> str:
    return msgspec.json.encode(event.as_json()).decode()


def _schedule(event: Event) -> Json:
    return event.data.get("cron") if event.name == SCHEDULED_TIMER else None

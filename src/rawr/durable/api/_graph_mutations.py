"""What the graph can have done: runs cancelled and repeated, functions invoked, apps synced."""

from collections.abc import Mapping

import msgspec

from rawr.durable.api._apps import RequestSync, find_app, find_function
from rawr.durable.api._graph_arguments import optional_text, record, text
from rawr.durable.api._graph_queries import Queries
from rawr.durable.api._graphql import ObjectType
from rawr.durable.api._graphql_parse import QueryError
from rawr.durable.api._responses import NotFound
from rawr.durable.api._runs import RunEnded
from rawr.durable.domain.event import Json
from rawr.durable.domain.function import App
from rawr.durable.engine import Engine

Arguments = Mapping[str, Json]


class Mutations:
    """The fields of the mutation root."""

    def __init__(self, engine: Engine, queries: Queries, request_sync: RequestSync) -> None:
        self._engine = engine
        self._queries = queries
        self._request_sync = request_sync

    def fields(self) -> ObjectType:
        """The resolvers, by field."""
        return {
            "cancelRun": self._cancel,
            "rerun": self._rerun,
            "invokeFunction": self._invoke,
            "createApp": self._create_app,
            "updateApp": self._create_app,
            "deleteApp": self._delete_app,
            "deleteAppByName": self._delete_app_by_name,
        }

    async def _cancel(self, arguments: Arguments) -> Json:
        run_id = text(arguments, "runID")
        if not await self._engine.cancel_run(run_id):
            raise RunEnded(f"The run {run_id} has ended already and cannot be cancelled")
        return self._queries.run(await self._queries.view(run_id))

    async def _rerun(self, arguments: Arguments) -> Json:
        run_id = text(arguments, "runID")
        step = arguments.get("fromStep")
        if step is None:
            return await self._engine.rerun(run_id)
        step = record(arguments, "fromStep")
        given = optional_text(step, "input")
        return await self._engine.rerun(
            run_id, from_step=text(step, "stepID"), input=None if given is None else _json(given)
        )

    async def _invoke(self, arguments: Arguments) -> Json:
        function = find_function(self._engine, text(arguments, "functionSlug"))
        data = dict(record(arguments, "data"))
        user = arguments.get("user")
        await self._engine.invoke(function.id, data, user=user if isinstance(user, dict) else None)
        return True

    async def _create_app(self, arguments: Arguments) -> Json:
        url = text(record(arguments, "input"), "url")
        await self._request_sync(url)
        for app in self._engine.apps():
            if app.url == url:
                return self._queries.app(app)
        raise NotFound(f"The app at {url} answered, but registered from another URL")

    async def _delete_app(self, arguments: Arguments) -> Json:
        app = find_app(self._engine, text(arguments, "id"))
        await unregister(self._engine, app)
        return app.id

    async def _delete_app_by_name(self, arguments: Arguments) -> Json:
        await unregister(self._engine, find_app(self._engine, text(arguments, "name")))
        return True


def _json(text: str) -> Json:
    """Return what a JSON scalar of the graph says, which travels as text."""
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError as error:
        raise QueryError(f'The argument "input" must be JSON: {error}') from error


async def unregister(engine: Engine, app: App) -> None:
    """Take an app's functions away: a registration without functions archives them."""
    shape = {"appname": app.id, "url": app.url, "sdk": app.sdk, "functions": []}
    await engine.register(msgspec.json.encode(shape))

"""GraphQL, as test suites and tools of the SDKs ask it."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._apps import RequestSync
from rawr.durable.api._auth import guarded
from rawr.durable.api._graph_mutations import Mutations
from rawr.durable.api._graph_queries import Queries
from rawr.durable.api._graphql import error_json, execute
from rawr.durable.api._graphql_parse import QueryError, parse_query
from rawr.durable.api._responses import json_response, read_body
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.event import Json
from rawr.durable.engine import Engine


class _Query(msgspec.Struct, rename="camel"):
    query: str
    variables: dict[str, Json] | None = None
    operation_name: str | None = None


class GraphRoutes:
    """``/v0/gql``."""

    def __init__(self, engine: Engine, settings: APISettings, request_sync: RequestSync) -> None:
        self._settings = settings
        self._queries = Queries(engine)
        self._mutations = Mutations(engine, self._queries, request_sync)

    def routes(self) -> list[Route]:
        """The routes."""
        return [Route("/v0/gql", guarded(self._settings, self._answer), methods=["POST"])]

    async def _answer(self, request: Request) -> Response:
        body = await read_body(request, limit=self._settings.max_body_bytes)
        try:
            query = _read_query(body)
            operation = parse_query(query.query, query.operation_name)
            roots = self._mutations if operation.is_mutation else self._queries
            data, errors = await execute(roots.fields(), operation, query.variables or {})
        except QueryError as error:
            return json_response({"data": None, "errors": [error_json(error)]})
        return json_response({"data": data, "errors": errors} if errors else {"data": data})


def _read_query(body: bytes) -> _Query:
    try:
        return msgspec.json.decode(body, type=_Query)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise QueryError(f"The request is no GraphQL query: {error}") from error

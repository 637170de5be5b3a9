import pytest

from .conftest import API

RUN = "01JQDAE4RQF8MBCR55T5AK4KXS"


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "/v0/runs/{run}/batch", 410),
        ("GET", "/v0/runs/{run}/actions", 410),
        ("DELETE", "/v0/runs/{run}", 404),
        ("DELETE", "/v1/runs/{run}", 404),
        ("GET", "/v1/runs/{run}", 404),
    ],
)
async def test_an_unknown_run(api: API, method: str, url: str, status: int) -> None:
    response = await api.call(method, url.format(run=RUN))
    assert response.status_code == status
    assert RUN in response.json()["error"]
    malformed = await api.call(method, url.format(run="not-a-run"))
    assert malformed.status_code == 400
    assert malformed.json()["error"].startswith("Invalid run ID")


async def test_the_graph_says_what_it_does_not_find(api: API) -> None:
    for query in (
        f'{{ run(runID: "{RUN}") {{ status }} }}',
        f'{{ runTrigger(runID: "{RUN}") {{ payloads }} }}',
        f'{{ event(query: {{eventId: "{RUN}"}}) {{ functionRuns {{ id }} }} }}',
        '{ runTraceSpanOutputByID(outputID: "MDFK") { data } }',
        '{ runTraceSpanOutputByID(outputID: "MDFKOng=") { data } }',
        '{ runTraceSpanOutputByID(outputID: "*") { data } }',
    ):
        answer = await api.graphql(query)
        (error,) = answer["errors"]
        assert error["message"].startswith("No ")
        assert list(answer["data"].values()) == [None]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "truncated"),
        (b"{}", "query"),
        (b'{"query": "{"}', "ends too early"),
        (b'{"query": "{ run { status } }"}', 'argument "runID" must be a string'),
        (b'{"query": "{ event(query: 1) { id } }"}', 'argument "eventId" must be a string'),
    ],
)
async def test_a_query_that_cannot_be_answered_is_an_error_with_status_200(
    api: API, body: bytes, said: str
) -> None:
    response = await api.call("POST", "/v0/gql", content=body)
    assert response.status_code == 200
    answer = response.json()
    assert answer["data"] is None
    assert said in answer["errors"][0]["message"]

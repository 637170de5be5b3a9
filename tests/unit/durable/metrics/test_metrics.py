from rawr.durable.domain.run import RunStatus
from rawr.durable.domain.step import StepStatus
from rawr.durable.metrics import EngineMetrics
from rawr.durable.metrics._exposition import Counter, Histogram, text


def test_a_fresh_engine_exposes_what_it_can_name() -> None:
    lines = EngineMetrics().exposition(queue_depth=0, queue_due=0).splitlines()
    assert "rawr_engine_events_total 0" in lines
    assert "rawr_engine_queue_depth 0" in lines
    assert "# TYPE rawr_engine_call_duration_seconds histogram" in lines


def test_what_an_engine_tells_is_counted() -> None:
    metrics = EngineMetrics()
    metrics.accepted(3)
    metrics.started("app-fn")
    metrics.stepped("app-fn", StepStatus.COMPLETED)
    metrics.called("app-fn", "reported", 40)
    metrics.called("app-fn", "returned", 2_000)
    metrics.ended("app-fn", RunStatus.COMPLETED)
    lines = metrics.exposition(queue_depth=7, queue_due=2).splitlines()
    for line in (
        "rawr_engine_events_total 3",
        'rawr_engine_runs_started_total{function="app-fn"} 1',
        'rawr_engine_runs_ended_total{function="app-fn",status="completed"} 1',
        'rawr_engine_steps_total{function="app-fn",status="completed"} 1',
        'rawr_engine_calls_total{function="app-fn",outcome="reported"} 1',
        'rawr_engine_call_duration_seconds_bucket{function="app-fn",le="0.025"} 0',
        'rawr_engine_call_duration_seconds_bucket{function="app-fn",le="0.05"} 1',
        'rawr_engine_call_duration_seconds_bucket{function="app-fn",le="+Inf"} 2',
        'rawr_engine_call_duration_seconds_sum{function="app-fn"} 2.04',
        'rawr_engine_call_duration_seconds_count{function="app-fn"} 2',
        "rawr_engine_queue_depth 7",
        "rawr_engine_queue_due 2",
    ):
        assert line in lines


def test_a_value_on_a_bound_counts_below_it() -> None:
    histogram = Histogram("h", "H.", bounds=[1, 2])
    histogram.observe(1)
    assert 'h_bucket{le="1"} 1' in list(histogram.lines())


def test_label_values_and_help_are_escaped() -> None:
    counter = Counter("c", "One\nline \\ here", labels=["name"])
    counter.add('a"b\\c\nd')
    assert text(counter.lines()) == (
        '# HELP c One\\nline \\\\ here\n# TYPE c counter\nc{name="a\\"b\\\\c\\nd"} 1\n'
    )

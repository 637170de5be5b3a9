"""Rules about durable execution: 19, 20, 21, 49, 70."""

import ast
from collections.abc import Iterator
from typing import Final

from rawr.policy._place import Layer
from rawr.policy._python import Function, PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._contracts import IMPLEMENT
from ._select import (
    ADAPTERS,
    argument,
    boundary,
    calls,
    durable,
    plugins,
    procedures,
    starts_with,
    text_of,
    within,
)
from ._sends import DISPATCH, sends

_BACKGROUND: Final = (
    "apscheduler",
    "asyncio.create_task",
    "asyncio.ensure_future",
    "asyncio.sleep",
    "anyio.sleep",
    "anyio.sleep_until",
    "celery",
    "concurrent.futures",
    "dramatiq",
    "multiprocessing.Process",
    "multiprocessing.Pool",
    "rq",
    "starlette.background",
    "threading.Thread",
    "threading.Timer",
    "time.sleep",
)
_RETRY_LIBRARIES: Final = ("backoff", "retry", "retrying", "stamina", "tenacity")
_LIMITERS: Final = frozenset(
    {
        "anyio.CapacityLimiter",
        "anyio.Semaphore",
        "asyncio.BoundedSemaphore",
        "asyncio.Semaphore",
        "threading.Semaphore",
    }
)
_STEP_METHODS: Final = frozenset(
    {
        "ai",
        "fetch",
        "invoke",
        "invoke_by_id",
        "run",
        "send_event",
        "sleep",
        "sleep_until",
        "wait_for_event",
    }
)
_UNSTABLE: Final = (
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "os.urandom",
    "random",
    "secrets",
    "time.monotonic",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
)


def _adapters_are_additive(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.SHARED, Layer.PLUGIN, Layer.MANIFEST):
        if file.place.role != "durable":
            for imported in file.imports:
                if starts_with(imported.dotted, ADAPTERS):
                    message = f"{imported.dotted} is an ingress adapter outside durable/"
                    yield file.finding(imported.node, message)
            continue
        for imported in file.imports:
            target = tree.target(imported)
            is_boundary = target is not None and target.place.is_boundary
            if is_boundary or starts_with(imported.dotted, ("rawr.procedure", DISPATCH)):
                message = f"durable/ imports {imported.dotted}, a second way to trigger"
                yield file.finding(imported.node, message)


def _durable_execution(tree: Tree) -> Iterator[Finding]:
    for file in (*boundary(tree), *procedures(tree)):
        for call in file.each(ast.Call):
            name = tree.name(file, call.func)
            if starts_with(name, _BACKGROUND) or _is_loose_task(call):
                what = name or "create_task"
                yield file.finding(call, f"{what} waits or works inside a request handler")


def _is_loose_task(call: ast.Call) -> bool:
    """True for a task of the loop itself; one of a task group ends with its block."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "create_task":
        return False
    holder = call.func.value
    return isinstance(holder, ast.Call) or getattr(holder, "id", "") in ("loop", "event_loop")


def _two_harnesses(tree: Tree) -> Iterator[Finding]:
    for file in plugins(tree, "api", "workflows"):
        makes = list(_function_makers(file))
        for call in calls(tree, file, {IMPLEMENT}):
            if makes:
                yield file.finding(call, "one module implements procedures and durable functions")
        if file.place.kind == "api" and makes and not any(calls(tree, file, {IMPLEMENT})):
            yield file.finding(makes[0], "an API plugin makes a durable function")
    contracts: dict[str, str] = {}
    for file in tree.python():
        for name in ("define_api_surface", "define_workflow_surface"):
            for call in calls(tree, file, {f"rawr.composition.{name}"}):
                contract = argument(call, 0, "contract")
                declared = tree.name(file, contract)
                if declared and contracts.setdefault(declared, name) != name:
                    yield file.finding(contract, "one contract serves as API and as workflow")


def _function_makers(file: PythonFile) -> Iterator[ast.Attribute]:
    """Every `client.create_function`."""
    return (node for node in file.each(ast.Attribute) if node.attr == "create_function")


def _control_in_config(tree: Tree) -> Iterator[Finding]:
    for file in (*boundary(tree), *procedures(tree)):
        for imported in file.imports:
            if starts_with(imported.dotted, _RETRY_LIBRARIES):
                yield file.finding(imported.node, f"{imported.dotted} retries inside a request")
        for call in calls(tree, file, _LIMITERS):
            yield file.finding(call, "concurrency is limited inside a request handler")
        for node in file.each(ast.For, ast.AsyncFor, ast.While):
            if _is_retry_loop(node):
                yield file.finding(node, "this loop tries again inside a request handler")
        for call in file.each(ast.Call):
            if _is_step(call):
                yield file.finding(call, "a step outside a durable function")


def _is_retry_loop(loop: ast.For | ast.AsyncFor | ast.While) -> bool:
    """True for a loop that leaves after a success and goes on after an exception."""
    for tried in within(loop, ast.Try):
        assert isinstance(tried, ast.Try)  # what `within` was asked for
        leaves = any(
            isinstance(node, ast.Return | ast.Break) for node in (*tried.body, *tried.orelse)
        )
        goes_on = any(not _ends(handler.body) for handler in tried.handlers)
        if leaves and goes_on:
            return True
    return False


def _ends(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Raise | ast.Return | ast.Break)


def _is_step(call: ast.Call) -> bool:
    """True for `ctx.step.run(...)` and `step.run(...)`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _STEP_METHODS:
        return False
    holder = call.func.value
    name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
    return bool(name == "step")


def _steps_are_stable(tree: Tree) -> Iterator[Finding]:
    for file in durable(tree):
        sent = set(sends(tree, file))
        for function in file.each(ast.FunctionDef, ast.AsyncFunctionDef):
            if _is_durable_function(file, function):
                yield from _outside_steps(tree, file, function, sent)
                yield from _step_ids(tree, file, function)


def _is_durable_function(file: PythonFile, function: Function) -> bool:
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Attribute) and called.attr == "create_function":
            return True
    return any(
        isinstance(node, ast.Call) and _is_step(node) and file.function(node) is function
        for node in within(function, ast.Call)
    )


def _outside_steps(
    tree: Tree, file: PythonFile, function: Function, sent: set[ast.Attribute]
) -> Iterator[Finding]:
    for node in within(function, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Attribute, ast.Call):
        if isinstance(node, ast.AsyncFor | ast.AsyncWith) or _awaits_an_effect(tree, file, node):
            yield file.finding(node, f"{function.name} awaits something outside a step")
        elif node in sent:
            yield file.finding(node, f"{function.name} sends an event outside a step")
        elif isinstance(node, ast.Call) and starts_with(tree.name(file, node.func), _UNSTABLE):
            name = tree.name(file, node.func)
            yield file.finding(node, f"{function.name} calls {name} outside a step")


def _awaits_an_effect(tree: Tree, file: PythonFile, node: ast.AST) -> bool:
    """True for an await of anything but a step, steps in parallel, or a function of steps."""
    if not isinstance(node, ast.Await):
        return False
    called = node.value
    if not isinstance(called, ast.Call):
        return True
    found = tree.definition(tree.name(file, called.func))
    has_steps = found is not None and any(
        isinstance(inner, ast.Call) and _is_step(inner) for inner in ast.walk(found[1])
    )
    return not (has_steps or _is_step(called) or _is_group(called))


def _is_group(call: ast.Call) -> bool:
    """True for `ctx.group.parallel(...)`, which runs steps."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("parallel", "gather")


def _step_ids(tree: Tree, file: PythonFile, function: Function) -> Iterator[Finding]:
    seen: set[str] = set()
    found = [node for node in within(function, ast.Call) if isinstance(node, ast.Call)]
    for call in sorted(filter(_is_step, found), key=lambda node: (node.lineno, node.col_offset)):
        step_id = argument(call, 0, "step_id")
        text = text_of(tree, file, step_id)
        if text is None or _interpolates_calls(step_id):
            yield file.finding(call, "the id of this step may differ when the function runs again")
        elif text in seen and not isinstance(step_id, ast.JoinedStr):
            yield file.finding(call, f"the step id {text!r} is used twice in {function.name}")
        seen.add(text or "")


def _interpolates_calls(node: ast.expr | None) -> bool:
    return isinstance(node, ast.JoinedStr) and any(
        isinstance(part, ast.Call) for part in ast.walk(node)
    )


RULES: Final = (
    Rule(
        number=19,
        title="Durable endpoints are additive ingress adapters, in durable/ alone",
        reason="an adapter that also triggers is a second, unchecked way in",
        fix="keep the adapter in plugins/workflows/<capability>/durable, serving functions only",
        source=_adapters_are_additive,
    ),
    Rule(
        number=20,
        title="Durable functions execute what must survive",
        reason="work that a handler leaves behind is lost with the process",
        fix="dispatch an event, and do the work in the steps of a durable function",
        source=_durable_execution,
    ),
    Rule(
        number=21,
        title="API boundary and durability stay two harnesses",
        reason="a module that is both is called with the wrong context sooner or later",
        fix="keep procedures in operations/ and durable functions in functions/",
        source=_two_harnesses,
    ),
    Rule(
        number=49,
        title="Retries, idempotency, concurrency and steps belong to durable functions",
        reason="a handler that retries multiplies with every caller that retries it",
        fix="dispatch, and set retries and concurrency in the function's configuration",
        source=_control_in_config,
    ),
    Rule(
        number=70,
        title="Step ids are stable, and side effects happen inside steps",
        reason="the body of a durable function runs again for every step",
        fix='wrap the effect: await ctx.step.run("capability/what", ...), with a constant id',
        source=_steps_are_stable,
    ),
)

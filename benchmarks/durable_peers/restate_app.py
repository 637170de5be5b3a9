"""The services of `restate_server`: run by the interpreter of the peers."""

import restate

service = restate.Service("Steps")


async def step(number: int) -> int:
    return number


@service.handler()
async def run(ctx: restate.Context, steps: int) -> int:
    total = 0
    for number in range(steps):
        total += await ctx.run_typed(f"step-{number}", step, number=number)
    return total


app = restate.app([service])

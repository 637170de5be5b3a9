"""Every benchmark, one after the other: `python -m benchmarks`."""

import subprocess
import sys

from benchmarks.durable import INCOMPLETE

BENCHMARKS = ("slice", "durable", "durable_scale", "boundary")


def main() -> int:
    """Run each in a process of its own, so that none warms the next one up.

    Returns 0, or the code of an incomplete benchmark; any other failure ends it at once.
    """
    code = 0
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False)
        if done.returncode not in {0, INCOMPLETE}:
            return done.returncode
        code = max(code, done.returncode)
    return code


if __name__ == "__main__":
    raise SystemExit(main())

"""Every benchmark, one after the other: `python -m benchmarks`."""

import subprocess
import sys

BENCHMARKS = ("slice", "durable", "boundary")


def main() -> None:
    """Run each in a process of its own, so that none warms the next one up."""
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main()

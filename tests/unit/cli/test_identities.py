"""`rawr tokens` and `rawr users`, on data nobody owns and on the data of a running host."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner
from tests.unit.host.kit import settings_for

from rawr.cli import main
from rawr.host import DATABASE, Host, boot
from rawr.host.identity import serve_administration
from rawr.sqlite import DataDirectory
from rawr.testing.asgi import ASGIClient
from rawr_hq import manifest

HQ = Path(__file__).parents[3] / "hq"
PASSWORD = "correct horse battery"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path) -> Run:
    def invoke(*arguments: str, input: str | None = None) -> tuple[int, str]:
        environ = {"RAWR_DATA_DIR": str(data)}
        words = (*arguments, "--hq", str(HQ))
        result = CliRunner().invoke(main, words, env=environ, input=input)
        return result.exit_code, result.output

    return invoke


@pytest.fixture
def running(data: Path) -> Iterator[Callable[[str], int]]:
    """A running host; asks it, with a token, whether it knows the caller."""

    async def ask(host: Host, token: str) -> int:
        headers = {"authorization": f"Bearer {token}"}
        client = ASGIClient(host.app, headers=headers)
        return (await client.request("GET", "/api/orpc/invoicing/processing/run-1")).status

    with start_blocking_portal() as portal:
        booting = boot(manifest, settings_for(data))
        with portal.wrap_async_context_manager(booting) as host:
            serving = serve_administration(data, host.administration)
            with portal.wrap_async_context_manager(serving):
                yield lambda token: portal.call(ask, host, token)


def created(run: Run, *arguments: str) -> tuple[str, str]:
    """A new token: its id and the token itself."""
    code, output = run("tokens", "create", "partner", "--tenant", "acme", *arguments)
    assert code == 0, output
    told, token = output.strip().splitlines()
    return told.split()[1], token


def test_a_token_is_shown_once_and_listed_without_it(run: Run, data: Path) -> None:
    token_id, token = created(run, "--role", "finance:read")
    assert re.fullmatch(r"rawr_[\w-]{43}", token)
    code, output = run("tokens", "list")
    assert code == 0
    header, line = output.splitlines()
    assert header.split()[:3] == ["TOKEN", "SUBJECT", "TENANT"]
    assert line.split()[:5] == [token_id, "partner", "acme", "third-party", "live"]
    assert token not in output
    stored = b"".join(path.read_bytes() for path in data.iterdir() if path.is_file())
    assert token_id.encode() in stored
    assert token.encode() not in stored


def test_a_token_lives_as_long_as_asked(run: Run) -> None:
    assert run("tokens", "create", "partner", "--days", "0")[0] == 2
    assert run("tokens", "create", "partner", "--days", "3651")[0] == 2
    created(run, "--days", "3650")


def test_revoking_is_listed_and_repeatable(run: Run) -> None:
    token_id, _ = created(run)
    for _ in range(2):
        assert run("tokens", "revoke", token_id) == (0, f"revoked {token_id}\n")
    assert "revoked" in run("tokens", "list")[1]


def test_an_unknown_token_or_user_is_named(run: Run) -> None:
    code, output = run("tokens", "revoke", "nope")
    assert (code, "no token nope" in output) == (1, True)
    code, output = run("users", "disable", "nope")
    assert (code, "no user nope" in output) == (1, True)


def test_an_unknown_role_is_refused(run: Run, data: Path) -> None:
    code, output = run("tokens", "create", "partner", "--role", "finance:rule")
    assert code == 1
    assert "finance:rule" in output
    assert "finance:read" in output
    assert not data.exists()


@pytest.mark.parametrize("name", ["ada lovelace", "a\nb", "x" * 129, "<b>", ".hidden"])
def test_a_name_that_is_not_plain_is_refused(run: Run, name: str) -> None:
    code, output = run("tokens", "create", name)
    assert (code, "cannot be used" in output) == (1, True)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are typed, and asked for."""
    monkeypatch.setattr("rawr.cli._users._has_terminal", lambda: True)


@pytest.mark.usefixtures("terminal")
def test_users_are_added_listed_and_disabled(run: Run) -> None:
    added = run("users", "add", "ada", "--role", "finance:read", input=f"{PASSWORD}\n{PASSWORD}\n")
    assert added[0] == 0, added[1]
    assert PASSWORD not in added[1]
    assert run("users", "disable", "ada") == (0, "disabled ada\n")
    line = run("users", "list")[1].splitlines()[1]
    assert line.split()[:3] == ["ada", "default", "disabled"]


def test_a_password_can_come_from_the_input(run: Run) -> None:
    assert run("users", "add", "ada", "--password-stdin", input=f"{PASSWORD}\n")[0] == 0


@pytest.mark.parametrize(("password", "why"), [("short", "at least 12"), ("x" * 1025, "at most")])
def test_a_poor_password_is_refused(run: Run, password: str, why: str) -> None:
    code, output = run("users", "add", "ada", "--password-stdin", input=password + "\n")
    assert (code, why in output) == (1, True)


def test_a_name_is_given_once(run: Run) -> None:
    assert run("users", "add", "ada", "--password-stdin", input=f"{PASSWORD}\n")[0] == 0
    code, output = run("users", "add", "ada", "--password-stdin", input=f"{PASSWORD}\n")
    assert (code, "already" in output) == (1, True)


def test_a_running_host_takes_a_token_at_once_and_lets_it_go_at_once(
    run: Run, running: Callable[[str], int]
) -> None:
    token_id, token = created(run, "--role", "finance:read")
    assert running(token) == 404
    assert run("tokens", "revoke", token_id)[0] == 0
    assert running(token) == 401


def test_a_running_host_refuses_what_makes_no_sense(
    run: Run, running: Callable[[str], int]
) -> None:
    assert run("users", "add", "ada", "--password-stdin", input=f"{PASSWORD}\n")[0] == 0
    code, output = run("users", "add", "ada", "--password-stdin", input=f"{PASSWORD}\n")
    assert (code, "already" in output) == (1, True)


def test_a_host_that_does_not_answer_is_named(run: Run, data: Path) -> None:
    with DataDirectory.lock(data):
        code, output = run("tokens", "list")
    assert code == 1
    assert re.search(r"in use by process \d+, which takes no commands now", output)


def test_the_data_is_private(run: Run, data: Path) -> None:
    created(run)
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / DATABASE).stat().st_mode & 0o777 == 0o600


def test_without_a_terminal_it_is_said_how_to_give_a_password(run: Run) -> None:
    code, output = run("users", "add", "ada", input="")
    assert code == 1
    assert output == (
        "Error: there is no terminal to ask for the password; give it with --password-stdin\n"
    )


@pytest.mark.usefixtures("terminal")
def test_a_name_is_refused_before_a_password_is_asked_for(run: Run) -> None:
    code, output = run("users", "add", "a b")
    assert (code, "Password" in output) == (1, False)
    assert "name 'a b' cannot be used" in output


@pytest.mark.parametrize(
    "command",
    [("tokens", "list"), ("tokens", "revoke", "x"), ("users", "list"), ("users", "disable", "x")],
)
def test_no_data_are_made_where_no_hq_is(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*command, "--hq", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{tmp_path} holds no rawr_hq.py" in result.output
    assert [*tmp_path.iterdir()] == []

import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rawr.cli import main

HQ = Path(__file__).parents[3] / "hq"
GROUPS = sorted(name for name, one in main.commands.items() if isinstance(one, click.Group))


def run(*arguments: str, **environ: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments, env={"RAWR_PORT": "0", **environ})
    return result.exit_code, result.output


def test_help_names_every_command() -> None:
    code, output = run("--help")
    assert code == 0
    for command in main.commands:
        assert f"\n  {command} " in output


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_explains_itself(command: str) -> None:
    code, output = run(command, "--help")
    assert code == 0
    assert len(output.splitlines()) > 3


def test_routes_show_web_plugins() -> None:
    code, output = run("routes", str(HQ))
    assert code == 0
    page, files = [line for line in output.splitlines() if "/rawr/plugins/web" in line]
    assert "/rawr/plugins/web/invoicing/ " in page
    assert "first parties, signed in" in page
    assert "anyone" in files
    assert files.endswith("hq/plugins/web/invoicing/dist")


def test_routes_show_family_procedure_callers_and_file() -> None:
    code, output = run("routes", str(HQ))
    assert code == 0
    (line,) = [
        line
        for line in output.splitlines()
        if "/api/workflows/invoicing/reconciliation/trigger" in line
    ]
    assert line.split()[:3] == [
        "POST",
        "/api/workflows/invoicing/reconciliation/trigger",
        "invoicing.triggerReconciliation",
    ]
    assert "operations/trigger.py:" in line


def test_rpc_routes_are_for_first_parties() -> None:
    _, output = run("routes", str(HQ))
    rpc = [line for line in output.splitlines() if " /rpc/" in line]
    assert rpc
    assert all("first parties" in line for line in rpc)


@pytest.mark.parametrize("command", ["dev", "serve", "routes"])
def test_a_folder_without_an_hq_is_named(command: str, tmp_path: Path) -> None:
    code, output = run(command, str(tmp_path), RAWR_SERVICE_TOKEN="0123456789abcdef" * 2)
    assert code == 1
    assert "rawr_hq.py" in output
    assert str(tmp_path) in output


def test_a_manifest_file_without_a_manifest_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "rawr_hq", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "rawr_hq.py").write_text("nothing = None\n")
    code, output = run("routes", str(tmp_path))
    assert code == 1
    assert "compose_capabilities" in output
    monkeypatch.delitem(sys.modules, "rawr_hq", raising=False)


def test_production_refuses_to_start_without_a_credential() -> None:
    code, output = run("serve", str(HQ), RAWR_SERVICE_TOKEN="")
    assert code == 1
    assert "RAWR_SERVICE_TOKEN" in output


def test_a_bad_setting_is_one_line_not_a_traceback() -> None:
    code, output = run("dev", str(HQ), RAWR_PORT="http")
    assert code == 1
    assert output.startswith("Error: RAWR_PORT=http")


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, output = run("dev", str(HQ), RAWR_PORT=port, RAWR_DATA_DIR=str(tmp_path))
    assert code == 1
    assert "stop what runs there, or choose another port: --port, or RAWR_PORT" in output


def test_an_address_of_another_machine_is_told_from_a_taken_port(tmp_path: Path) -> None:
    environ = {"RAWR_HOST": "192.0.2.1", "RAWR_DATA_DIR": str(tmp_path)}
    code, output = run(
        "serve", str(HQ), "--port", "0", RAWR_PUBLIC_URL="https://hq.test", **environ
    )
    assert code == 1
    assert "choose an address of this machine: --host, or RAWR_HOST" in output


def test_a_port_is_set_by_option_too(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environ = {"RAWR_PORT": "0", "RAWR_DATA_DIR": str(tmp_path)}
        code, output = run("dev", str(HQ), "--port", port, **environ)
    assert code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in output


@pytest.mark.parametrize(
    "group", [(), *((name,) for name in GROUPS)], ids=lambda group: group or ""
)
def test_no_summary_of_a_command_is_cut_short(group: tuple[str, ...]) -> None:
    code, output = run(*group, "--help")
    assert code == 0
    commands = output.partition("Commands:")[2].splitlines()
    assert len(commands) > 1
    assert [line for line in commands if line.endswith("...")] == []

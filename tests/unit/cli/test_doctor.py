import json
import os
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rawr.cli import main
from rawr.cli._doctor._machine import check_dependencies, check_python, check_sqlite
from rawr.cli._doctor._report import Diagnosis, Finding, Level, mend, ok, to_text
from rawr.cli._doctor._stored import Counts, check_clock, check_counts
from rawr.cli._doctor._volume import _file_system, judge_volume
from rawr.composition import Manifest
from rawr.host import Settings, boot, load_manifest
from rawr.sqlite import DataDirectory

TOKEN = "0123456789abcdef" * 2
NOW_MS = time.time_ns() // 1_000_000


WITH_PLUGIN = """
from pathlib import Path

from rawr.composition import (
    compose_capabilities,
    define_api_surface,
    define_capability,
    define_web_surface,
)
from rawr.contract import Contract
from rawr.procedure import implement


class Api(Contract):
    pass


api = define_api_surface(
    contract=Api,
    create_router=lambda: implement(Api, object).router(),
    create_context=lambda _boundary, _ports: object(),
)
web = define_web_surface(title="Shop", directory=Path(__file__).parent / "dist")
shop = define_capability("shop", provide=lambda _ports: None, api=api, web=web)
manifest = compose_capabilities([shop])
"""


@pytest.fixture
def hq(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An HQ without capabilities, and an import path that forgets it."""
    for name in [name for name in os.environ if name.startswith(("RAWR_", "INNGEST_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RAWR_PORT", "0")
    monkeypatch.delitem(sys.modules, "rawr_hq", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = tmp_path / "hq"
    folder.mkdir()
    (folder / "rawr_hq.py").write_text(
        "from rawr.composition import compose_capabilities\n\nmanifest = compose_capabilities([])\n"
    )
    yield folder
    sys.modules.pop("rawr_hq", None)


async def booted(hq: Path) -> Path:
    """The data folder of an HQ that ran once."""
    manifest: Manifest = load_manifest(hq)
    async with boot(manifest, Settings(hq_dir=hq, data_dir=hq / ".rawr")):
        pass
    return hq / ".rawr"


def examined(hq: Path, **environ: str) -> tuple[int, dict[str, dict[str, Any]]]:
    result = CliRunner().invoke(main, ["doctor", str(hq), "--json"], env=environ)
    document = json.loads(result.output)
    assert document["healthy"] is (result.exit_code == 0)
    return result.exit_code, {found["check"]: found for found in document["findings"]}


def must_mend(hq: Path, check: str, **environ: str) -> str:
    code, found = examined(hq, **environ)
    assert code == 1
    assert found[check]["level"] == "mend", found
    assert found[check]["fix"]
    return str(found[check]["message"])


def test_a_new_hq_is_healthy(hq: Path) -> None:
    code, found = examined(hq)
    assert code == 0
    for check in ("python", "dependencies", "keys", "manifest", "data folder", "port"):
        assert found[check]["level"] == "ok", check
    assert not (hq / ".rawr").exists()


async def test_an_hq_that_ran_is_healthy(hq: Path) -> None:
    await booted(hq)
    code, found = await in_thread(hq)
    assert code == 0, found
    for check in ("lock", "data hq.db", "data engine.db", "outbox", "runs", "clock"):
        assert found[check]["level"] == "ok", found[check]


async def in_thread(hq: Path, **environ: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The command runs a loop of its own, so it needs a thread of its own."""
    import anyio.to_thread

    return await anyio.to_thread.run_sync(lambda: examined(hq, **environ))


def test_text_says_what_to_do() -> None:
    text = to_text(Diagnosis([ok("python", "3.11"), mend("port", "taken", "stop what runs there")]))
    assert text.splitlines() == [
        "ok    python          3.11",
        "mend  port            taken",
        "                      -> stop what runs there",
        "1 to be mended",
    ]


def test_the_text_of_a_healthy_hq_ends_with_that(hq: Path) -> None:
    result = CliRunner().invoke(main, ["doctor", str(hq)])
    assert result.exit_code == 0
    assert result.output.endswith("nothing must be mended\n")
    text = result.output.replace(str(hq), "<hq>")  # a path is as long as it is
    assert all(len(line) <= 100 for line in text.splitlines())


def test_an_old_python_is_named() -> None:
    assert check_python(">=3.11", "3.11.7").level is Level.OK
    assert check_python(">=3.11", "3.10.9").level is Level.MEND


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ("3.36.0", Level.MEND),
        ("3.37.0", Level.NOTE),
        ("3.51.2", Level.NOTE),
        ("3.51.3", Level.OK),
        ("3.52.0", Level.OK),
    ],
)
def test_the_release_of_sqlite_matters(version: str, level: Level) -> None:
    assert check_sqlite(version).level is level


@pytest.mark.parametrize(
    ("requirement", "installed", "said"),
    [
        ("inngest==0.5.19", "0.5.19", None),
        ("inngest==0.5.19", "0.5.20", "inngest is 0.5.20, and ==0.5.19 is needed"),
        ("anyio>=4.10", "4.10.0", None),
        ("anyio>=4.10", "4.9", "anyio is 4.9, and >=4.10 is needed"),
        ("anyio>=4.10", None, "anyio is not installed, and >=4.10 is needed"),
        ("uvloop>=0.21; sys_platform != 'win32'", None, None),
        ("anyio>=4.10,<6", "4.11.0rc1", None),
    ],
)
def test_dependencies_are_compared(
    requirement: str, installed: str | None, said: str | None
) -> None:
    (found,) = check_dependencies([requirement], lambda _: installed)
    if said is None:
        assert found.level is Level.OK
    else:
        assert (found.level, found.message) == (Level.MEND, said)
        assert requirement in found.fix


def test_a_setting_that_neither_mode_takes_must_be_mended(hq: Path) -> None:
    assert "RAWR_PORT=http" in must_mend(hq, "settings", RAWR_PORT="http")


def test_settings_for_production_alone_are_worth_a_note(hq: Path) -> None:
    environ = {"RAWR_HOST": "127.0.0.2", "RAWR_SERVICE_TOKEN": TOKEN}
    _, found = examined(hq, RAWR_PUBLIC_URL="https://hq.example.com", **environ)
    assert found["settings"]["level"] == "note"
    assert "`rawr dev` refuses" in found["settings"]["message"]


def test_settings_for_both_are_fine(hq: Path) -> None:
    _, found = examined(hq, RAWR_SERVICE_TOKEN=TOKEN)
    assert found["settings"]["level"] == "ok"


def test_malformed_keys_must_be_mended(hq: Path) -> None:
    assert "hex" in must_mend(hq, "keys", INNGEST_SIGNING_KEY="signkey-prod-xyz")
    assert "is not" in must_mend(hq, "keys", INNGEST_SIGNING_KEY_FALLBACK="ab" * 16)


def test_keys_are_judged_and_never_shown(hq: Path) -> None:
    key = "signkey-test-" + "ab" * 16
    result = CliRunner().invoke(main, ["doctor", str(hq)], env={"INNGEST_SIGNING_KEY": key})
    assert "well-formed" in result.output
    assert "abab" not in result.output


def test_a_manifest_that_fails_is_told_with_its_place(hq: Path) -> None:
    (hq / "rawr_hq.py").write_text("\n\nraise LookupError('where is it')\n")
    assert must_mend(hq, "manifest") == "LookupError: where is it (rawr_hq.py:3)"


def test_a_missing_manifest_is_told(hq: Path) -> None:
    (hq / "rawr_hq.py").unlink()
    assert must_mend(hq, "manifest") == f"{hq} holds no rawr_hq.py"


def test_no_advice_is_given_twice(hq: Path) -> None:
    (hq / "rawr_hq.py").unlink()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["doctor", str(hq)], env={"RAWR_PORT": port})
    text = " ".join(result.output.split())
    assert text.count("-> give the folder of an HQ") == text.count("give the folder") == 1
    assert text.count("-> stop what runs there") == text.count("another port") == 1


def test_settings_are_judged_for_both_ways_to_serve(hq: Path) -> None:
    said = must_mend(hq, "settings", RAWR_HOST="0.0.0.0")
    assert "development mode listens on loopback only" in said
    assert "; for `rawr serve`, RAWR_HOST=0.0.0.0 is reached from other machines" in said


def test_plugins_that_are_not_built_are_named(hq: Path) -> None:
    (hq / "rawr_hq.py").write_text(WITH_PLUGIN)
    _, found = examined(hq)
    assert found["web plugins"]["level"] == "note"
    assert (
        f"not built: shop; `rawr serve` starts after rawr web build {hq}"
        in (found["web plugins"]["message"])
    )
    (hq / "dist").mkdir()
    (hq / "dist" / "index.js").touch()
    sys.modules.pop("rawr_hq")
    assert examined(hq)[1]["web plugins"]["level"] == "ok"


def test_a_folder_open_to_others_must_be_mended(hq: Path) -> None:
    (hq / ".rawr").mkdir(mode=0o755)
    (hq / ".rawr").chmod(0o755)
    assert "mode 0755" in must_mend(hq, "data folder")


def test_a_file_in_the_place_of_the_folder_must_be_mended(hq: Path) -> None:
    (hq / ".rawr").touch()
    assert "no folder" in must_mend(hq, "data folder")


def test_a_folder_that_cannot_be_made_must_be_mended(hq: Path) -> None:
    below_a_file = str(hq / "rawr_hq.py" / "data")
    assert "cannot be written" in must_mend(hq, "data folder", RAWR_DATA_DIR=below_a_file)


def test_who_runs_on_the_data_is_named(hq: Path) -> None:
    with DataDirectory.lock(hq / ".rawr"):
        code, found = examined(hq)
    assert code == 0
    assert found["lock"]["message"] == f"process {os.getpid()} runs on this data"


def test_a_taken_port_must_be_mended_unless_this_hq_runs(hq: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "cannot listen" in must_mend(hq, "port", RAWR_PORT=port)
        with DataDirectory.lock(hq / ".rawr"):
            _, found = examined(hq, RAWR_PORT=port)
    assert found["port"]["level"] == "note"


async def test_waiting_migrations_are_worth_a_note(hq: Path) -> None:
    data = await booted(hq)
    execute(data, "DELETE FROM schema_migrations WHERE component = 'identity'")
    code, found = await in_thread(hq)
    assert (code, found["data hq.db"]["level"]) == (0, "note")


async def test_a_changed_migration_must_be_mended(hq: Path) -> None:
    data = await booted(hq)
    execute(
        data, "UPDATE schema_migrations SET checksum = 'other' WHERE component = 'coordination'"
    )
    code, found = await in_thread(hq)
    assert (code, found["data hq.db"]["level"]) == (1, "mend")
    assert "outbox" not in found


async def test_a_damaged_file_must_be_mended(hq: Path) -> None:
    data = await booted(hq)
    (data / "hq.db").write_bytes(b"not a database, but some text that is long enough" * 100)
    code, found = await in_thread(hq)
    assert (code, found["data hq.db"]["level"]) == (1, "mend")


async def test_an_event_that_could_not_be_sent_must_be_mended(hq: Path) -> None:
    data = await booted(hq)
    execute(
        data,
        "INSERT INTO coordination_outbox"
        " (event_id, event, attempts, next_attempt_at_ms, last_error)"
        " VALUES ('event-1', '{}', 3, 0, 'the engine is away')",
    )
    code, found = await in_thread(hq)
    assert (code, found["outbox"]["level"]) == (1, "mend")
    assert "the engine is away" in found["outbox"]["message"]


def execute(data: Path, statement: str) -> None:
    connection = sqlite3.connect(data / "hq.db")
    with connection:
        connection.execute(statement)
    connection.close()


def levels(findings: Iterator[Finding]) -> dict[str, Level]:
    return {found.check: found.level for found in findings}


def test_what_waits_is_worth_a_note() -> None:
    counts = Counts(newest_ms=NOW_MS, waiting=2, failure=None, unmoved=1)
    assert levels(check_counts(counts, NOW_MS)) == {
        "outbox": Level.NOTE,
        "runs": Level.NOTE,
        "clock": Level.OK,
    }


def test_a_clock_behind_the_data_must_be_mended() -> None:
    assert check_clock(NOW_MS + 60_000, NOW_MS).level is Level.OK
    found = check_clock(NOW_MS + 3_600_000, NOW_MS)
    assert found.level is Level.MEND
    assert "1:00:00 newer" in found.message


def test_a_capability_without_its_package_says_how_to_write_it(hq: Path) -> None:
    (hq / "rawr_hq.py").write_text("import packages.billing\n")
    (hq / "packages").mkdir()
    (hq / "packages" / "__init__.py").touch()
    code, found = examined(hq)
    assert code == 1
    assert "No module named 'packages.billing' (rawr_hq.py:1)" in found["manifest"]["message"]
    assert "rawr new capability billing" in found["manifest"]["fix"]


def test_a_library_that_is_missing_is_to_be_installed(hq: Path) -> None:
    (hq / "rawr_hq.py").write_text("import stripe_sdk_that_is_not_there\n")
    _, found = examined(hq)
    assert "pip install what has the module stripe_sdk" in found["manifest"]["fix"]


def test_capabilities_that_do_not_fit_together_are_named(hq: Path) -> None:
    (hq / "rawr_hq.py").write_text(
        "from rawr.composition import define_capability\n"
        'define_capability("workflows", provide=None)\n'
    )
    assert "capability workflows: /rpc/workflows" in must_mend(hq, "manifest")


def test_syntax_that_python_refuses_is_told_with_its_place(hq: Path) -> None:
    (hq / "rawr_hq.py").write_text("manifest = (\n")
    assert must_mend(hq, "manifest") == "SyntaxError: '(' was never closed (rawr_hq.py:1)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no openapi.json; write it"),
        ("{", "openapi.json cannot be read"),
        ("[]", "openapi.json cannot be read"),
        ('{"paths": {"/gone": {"get": {}}}}', "out of date: 1 of 2 changes break callers"),
    ],
)
def test_a_document_that_is_not_current_is_worth_a_note(
    text: str | None, said: str, hq: Path
) -> None:
    if text is not None:
        (hq / "openapi.json").write_text(text)
    code, found = examined(hq)
    assert (code, found["published"]["level"]) == (0, "note")
    assert said in found["published"]["message"]


def test_a_new_hq_of_rawr_init_publishes_what_its_document_says(tmp_path: Path, hq: Path) -> None:
    CliRunner().invoke(main, ["init", "acme", "--directory", str(tmp_path / "acme")])
    for name in ("openapi.json", "rawr_hq.py"):
        (hq / name).write_bytes((tmp_path / "acme" / name).read_bytes())
    _, found = examined(hq)
    assert found["published"]["level"] == "ok"


@pytest.mark.parametrize(
    ("file_system", "free_mib", "level"),
    [
        ("ext4", 50_000, Level.OK),
        ("ext4", 500, Level.NOTE),
        ("ext4", 10, Level.MEND),
        ("nfs4", 50_000, Level.MEND),
        ("", 50_000, Level.OK),
    ],
)
def test_the_volume_must_be_local_and_have_room(
    file_system: str, free_mib: int, level: Level
) -> None:
    found = judge_volume(Path("/data"), file_system, free_mib << 20)
    assert found.level is level
    assert bool(found.fix) is (level is Level.MEND)


def test_the_innermost_mount_counts(tmp_path: Path) -> None:
    mounts = [("/", "overlay"), (str(tmp_path), "nfs"), (f"{tmp_path}-other", "ext4")]
    assert _file_system(tmp_path, mounts) == "nfs"


def test_an_installation_that_cannot_be_imported_is_a_finding(
    hq: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rawr.cli._doctor._examination", None)
    assert "cannot be imported" in must_mend(hq, "installation")


def test_a_checkout_that_is_not_installed_says_so(
    hq: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    assert "rawr-hq is not installed" in must_mend(hq, "installation")

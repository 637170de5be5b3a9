"""What is generated is the same each time, and needs no touch of a formatter."""

import ast
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rawr.scaffold import (
    BOTH,
    CapabilityName,
    Surface,
    capability_files,
    hq_files,
    register_capability,
)

ALL = frozenset(Surface)
VARIANTS = [frozenset({Surface.API}), frozenset({Surface.WORKFLOW}), BOTH, ALL]
RUFF = Path(sys.executable).with_name("ruff")


def whole_hq(name: str, surfaces: frozenset[Surface]) -> dict[str, str]:
    parsed = CapabilityName.parse(name)
    files = {**hq_files("acme"), **capability_files(parsed, surfaces)}
    files["rawr_hq.py"] = register_capability(files["rawr_hq.py"], parsed, surfaces)
    return files


def digest(name: str) -> str:
    files = whole_hq(name, ALL)
    return hashlib.sha256(
        "\0".join(f"{path}\0{files[path]}" for path in files).encode()
    ).hexdigest()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_generates_the_same_bytes(seed: str) -> None:
    script = (
        "import importlib.util, sys;"
        f"spec = importlib.util.spec_from_file_location('generated', {__file__!r});"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module);"
        "print(module.digest('order_intake'))"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == digest("order_intake")


@pytest.mark.parametrize("surfaces", VARIANTS)
def test_nothing_of_the_templates_is_left(surfaces: frozenset[Surface]) -> None:
    for path, text in whole_hq("shipping", surfaces).items():
        assert "NAME" not in path
        assert ".tpl" not in path
        assert "%%" not in text, path
        assert "${" not in text or path.endswith(".ts"), path
        assert "$name" not in text, path
        assert not text or text.endswith("\n"), path
        if path.endswith(".py"):
            ast.parse(text)


def test_a_surface_that_was_not_asked_for_leaves_no_trace() -> None:
    api = capability_files(CapabilityName.parse("shipping"), VARIANTS[0])
    assert not any("workflow" in path for path in api)
    assert not any("orkflow" in text for path, text in api.items() if "tests/" not in path)
    workflow = capability_files(CapabilityName.parse("shipping"), VARIANTS[1])
    assert not any(path.startswith("plugins/api/") for path in workflow)


def test_a_capability_stays_within_its_own_folders() -> None:
    name = CapabilityName.parse("shipping")
    own = ("packages/", "plugins/api/", "plugins/web/", "plugins/workflows/", "tests/")
    folders = tuple(f"{folder}shipping/" for folder in own)
    assert all(path.startswith(folders) for path in capability_files(name, ALL))


@pytest.mark.parametrize("name", ["a", "shipping", "order_intake", "accounts_payable", "w" * 24])
@pytest.mark.parametrize("surfaces", VARIANTS, ids=lambda found: "+".join(sorted(found)))
def test_the_formatter_and_the_linter_have_nothing_to_say(
    name: str, surfaces: frozenset[Surface], tmp_path: Path
) -> None:
    for path, text in whole_hq(name, surfaces).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for command in (["format", "--check", "--diff"], ["check"]):
        said = subprocess.run(
            [RUFF, *command, "--no-cache", "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stdout + said.stderr

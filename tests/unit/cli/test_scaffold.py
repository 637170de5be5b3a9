from pathlib import Path

import pytest
from click.testing import CliRunner

from rawr.cli import main


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.output


@pytest.fixture
def hq(tmp_path: Path) -> Path:
    code, output = run("init", "acme", "--directory", tmp_path / "hq")
    assert code == 0, output
    return tmp_path / "hq"


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_new_hq_is_in_a_folder_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = run("init", "acme")
    assert code == 0
    assert "rawr dev acme" in output
    assert (tmp_path / "acme" / "rawr_hq.py").is_file()
    assert ".rawr/" in (tmp_path / "acme" / ".gitignore").read_text()


def test_an_empty_folder_may_become_an_hq(tmp_path: Path) -> None:
    assert run("init", "acme", "--directory", tmp_path)[0] == 0


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    code, output = run("init", "acme", "--directory", tmp_path)
    assert (code, [*tmp_path.iterdir()]) == (1, [tmp_path / "mine"])
    assert "is not empty; choose another one with --directory" in output


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acme").touch()
    assert run("init", "acme", "--directory", tmp_path / "acme")[0] == 1
    code, output = run("init", "acme", "--directory", tmp_path / "acme" / "below")
    assert code == 1
    assert "Not a directory" in output


def test_a_bad_name_is_one_line(tmp_path: Path) -> None:
    for command in (["init", "No Name"], ["new", "capability", "No Name", tmp_path]):
        code, output = run(*command)
        assert code == 1
        assert output.startswith("Error: 'No Name' cannot name")


def test_a_capability_has_both_surfaces_unless_asked(hq: Path) -> None:
    assert run("new", "capability", "shipping", hq)[0] == 0
    assert (hq / "plugins/api/shipping/router.py").is_file()
    assert (hq / "plugins/workflows/shipping/router.py").is_file()


@pytest.mark.parametrize(("flag", "kind"), [("--api", "api"), ("--workflow", "workflows")])
def test_a_capability_has_the_surface_it_was_asked_for(hq: Path, flag: str, kind: str) -> None:
    code, output = run("new", "capability", "shipping", hq, flag)
    assert code == 0
    assert f"plugins/{kind}/shipping/" in output
    assert [path.parent.name for path in hq.glob("plugins/*/shipping")] == [kind]


def test_repeating_changes_nothing(hq: Path) -> None:
    run("new", "capability", "shipping", hq)
    before = contents(hq)
    assert run("new", "capability", "shipping", hq)[0] == 0
    assert contents(hq) == before


def test_a_file_that_was_edited_is_not_overwritten(hq: Path) -> None:
    run("new", "capability", "shipping", hq)
    (hq / "packages/shipping/errors.py").write_text("mine\n")
    (hq / "packages/shipping/router.py").unlink()
    before = contents(hq)
    code, output = run("new", "capability", "shipping", hq)
    assert code == 1
    assert "packages/shipping/errors.py" in output
    assert contents(hq) == before


def test_many_files_in_the_way_are_counted(hq: Path) -> None:
    run("new", "capability", "shipping", hq)
    for path in hq.glob("packages/shipping/**/*.py"):
        path.write_text("mine\n")
    _, output = run("new", "capability", "shipping", hq)
    assert " more; choose another name" in output


def test_a_manifest_of_another_form_leaves_everything_as_it_was(hq: Path) -> None:
    (hq / "rawr_hq.py").write_text("manifest = None\n")
    before = contents(hq)
    code, output = run("new", "capability", "shipping", hq)
    assert code == 1
    assert "from packages.shipping import capability as shipping_package" in output
    assert contents(hq) == before


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    code, output = run("new", "capability", "shipping", tmp_path)
    assert code == 1
    assert "rawr init" in output


def test_what_capabilities_stand_on_is_made_where_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "rawr_hq.py").write_text(
        "from rawr.composition import compose_capabilities\n\nmanifest = compose_capabilities([])\n"
    )
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/__init__.py").write_text('"""Ours."""\n')
    assert run("new", "capability", "shipping", tmp_path)[0] == 0
    assert (tmp_path / "tests/conftest.py").is_file()
    assert (tmp_path / "plugins/__init__.py").read_text() == '"""Ours."""\n'
    assert not (tmp_path / "README.md").exists()

from pathlib import Path

import pytest
from click.testing import CliRunner

from rawr.cli import main
from rawr.scaffold import CapabilityName, Surface, capability_files


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


def test_no_hq_is_made_inside_another_one(hq: Path) -> None:
    before = contents(hq)
    code, output = run("init", "other", "--directory", hq / "below" / "other")
    assert (code, contents(hq)) == (1, before)
    assert f"would be inside the HQ in {hq}" in output


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


def test_a_capability_that_is_there_gets_a_web_plugin(hq: Path) -> None:
    run("new", "capability", "shipping", hq)
    before = contents(hq)
    code, output = run("new", "capability", "shipping", hq, "--web")
    assert code == 0, output
    assert output.splitlines() == [
        "capability shipping in rawr_hq.py has more now",
        "  plugins/web/shipping/  serves /rawr/plugins/web/shipping/ after rawr web build",
        "  tests/shipping/",
    ]
    after = contents(hq)
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {hq / "rawr_hq.py"}
    assert (hq / "plugins/web/shipping/src/hq.ts").is_file()
    assert "addItem" in (hq / "plugins/web/shipping/src/index.ts").read_text()
    assert "web=shipping_web," in (hq / "rawr_hq.py").read_text()


def test_a_web_plugin_calls_nothing_that_its_capability_no_longer_has(hq: Path) -> None:
    run("new", "capability", "shipping", hq)
    contract = hq / "plugins/api/shipping/contract.py"
    contract.write_text(contract.read_text() + "# mine\n")
    assert run("new", "capability", "shipping", hq, "--api", "--workflow", "--web")[0] == 0
    index = (hq / "plugins/web/shipping/src/index.ts").read_text()
    assert "addItem" not in index
    assert "triggerImport" in index


def test_a_surface_is_added_while_nothing_was_changed(hq: Path) -> None:
    run("new", "capability", "shipping", hq, "--api", "--web")
    code, output = run("new", "capability", "shipping", hq, "--workflow")
    assert code == 0, output
    whole = capability_files(CapabilityName.parse("shipping"), frozenset(Surface))
    assert {path: (hq / path).read_text() for path in whole} == whole
    assert "createWorkflowsClient" in (hq / "plugins/web/shipping/src/hq.ts").read_text()


def test_a_surface_is_not_added_to_what_was_changed(hq: Path) -> None:
    run("new", "capability", "shipping", hq, "--api")
    (hq / "packages/shipping/router.py").write_text("mine\n")
    before = contents(hq)
    code, output = run("new", "capability", "shipping", hq, "--workflow")
    assert (code, contents(hq)) == (1, before)
    assert "packages/shipping/router.py" in output
    assert "so --workflow cannot be added to it" in output


def test_repeating_says_that_all_is_there(hq: Path) -> None:
    run("new", "capability", "shipping", hq)
    assert run("new", "capability", "shipping", hq) == (
        0,
        "capability shipping is in rawr_hq.py already, and has all of that\n",
    )

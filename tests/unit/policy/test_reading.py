"""Trees as they come: broken, huge, linked, odd, and always bounded."""

import os
import time
from pathlib import Path

import pytest
from tests.unit.policy.kit import SMALL_HQ, check, places, write

from rawr.policy import UnreadableTree
from rawr.policy._place import Layer, place_of
from rawr.policy._python import parse_python

PATH = "packages/invoicing/service/extra.py"


def test_a_syntax_error_is_a_violation_with_its_position(tmp_path: Path) -> None:
    report = check(write(tmp_path, {**SMALL_HQ, PATH: "x = 1\ny = = 2\n"}))
    (violation,) = report.violations
    assert (violation.rule, violation.path) == ("RAWR900", PATH)
    assert (violation.line, violation.column) == (2, 5)


@pytest.mark.parametrize(
    "raw",
    [
        b"x = '\xff'\n",
        b"\x00\n",
        b"# coding: nonsense\n",
        b"x = " + b"(" * 5000,
        b"x = " + b"-" * 100_000 + b"1\n",
        b"x = a" + b".b" * 100_000 + b"\n",
    ],
    ids=["not utf-8", "null byte", "unknown coding", "brackets", "minus signs", "attributes"],
)
def test_what_python_cannot_read_is_a_violation(raw: bytes, tmp_path: Path) -> None:
    write(tmp_path, {**SMALL_HQ, PATH: ""})
    (tmp_path / PATH).write_bytes(raw)
    assert {found.rule for found in check(tmp_path).violations} == {"RAWR900"}


def test_broken_metadata_is_a_violation(tmp_path: Path) -> None:
    write(tmp_path, {**SMALL_HQ, "plugins/web/invoicing/package.json": '{\n"rawr": '})
    assert places(check(tmp_path)) == {("RAWR900", "plugins/web/invoicing/package.json:2")}


def test_a_folder_hides_no_file_of_its_name(tmp_path: Path) -> None:
    files = {
        "packages/invoicing/service/__init__.py": "import starlette\n",
        "packages/invoicing/service.py": "import starlette\n",
    }
    assert {place for _, place in places(check(write(tmp_path, {**SMALL_HQ, **files})))} == {
        "packages/invoicing/service/__init__.py:1",
        "packages/invoicing/service.py:1",
    }


def test_other_encodings_are_read_as_declared(tmp_path: Path) -> None:
    write(tmp_path, {**SMALL_HQ, PATH: ""})
    (tmp_path / PATH).write_bytes(
        "# coding: latin-1\nx = 'é'; import starlette\n".encode("latin-1")
    )
    (violation,) = check(tmp_path).violations
    assert violation.line == 2


def test_columns_count_characters(tmp_path: Path) -> None:
    text = "x = 'äöü'; import starlette\n"
    (violation,) = check(write(tmp_path, {**SMALL_HQ, PATH: text})).violations
    assert violation.column == text.index("import") + 1


def test_huge_files_are_skipped_with_a_note(tmp_path: Path) -> None:
    write(tmp_path, {**SMALL_HQ, PATH: "import starlette\n" + "#" * (1 << 20)})
    report = check(tmp_path)
    assert places(report) == set()
    assert (PATH, "larger than 1024 KiB") in {(item.path, item.reason) for item in report.skipped}


def test_a_folder_of_too_many_files_is_no_hq(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rawr.policy._read.MAX_FILES", 1)
    with pytest.raises(UnreadableTree, match="one HQ"):
        check(write(tmp_path, {**SMALL_HQ, PATH: ""}))


def test_what_the_system_refuses_is_skipped_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path, {**SMALL_HQ, PATH: "", "packages/billing/errors.py": ""})
    list_folder, read = os.scandir, Path.read_bytes

    def refuse_billing(folder: str) -> object:
        if folder.endswith("billing"):
            raise PermissionError(13, "Permission denied")
        return list_folder(folder)

    def refuse_extra(path: Path) -> bytes:
        if path.name == "extra.py":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(os, "scandir", refuse_billing)
    monkeypatch.setattr(Path, "read_bytes", refuse_extra)
    assert {item.path: item.reason for item in check(root).skipped if "cannot" in item.reason} == {
        "packages/billing/": "cannot be listed: Permission denied",
        PATH: "cannot be read: Permission denied",
    }


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"bad.py": "import starlette\n"})
    root = write(tmp_path / "hq", {**SMALL_HQ, PATH: "import re\n"})
    (root / "packages/invoicing/service/linked.py").symlink_to(outside / "bad.py")
    (root / "packages/billing").symlink_to(outside, target_is_directory=True)
    (root / "packages/loop").symlink_to(root, target_is_directory=True)
    report = check(root)
    assert places(report) == set()
    assert {item.path for item in report.skipped} >= {
        "packages/invoicing/service/linked.py",
        "packages/billing",
        "packages/loop",
    }


def test_pipes_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {**SMALL_HQ, PATH: ""})
    os.mkfifo(tmp_path / "packages/invoicing/service/pipe.py")
    assert "not a regular file" in {item.reason for item in check(tmp_path).skipped}


def test_folders_nested_too_deep_are_skipped_with_a_note(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 80)
    deep.mkdir(parents=True)
    report = check(write(tmp_path, SMALL_HQ))
    assert [item for item in report.skipped if "folders deep" in item.reason]


@pytest.mark.parametrize("folder", ["node_modules", ".venv", "__pycache__", "dist", ".git"])
def test_what_is_not_the_hq_s_own_is_left_out(folder: str, tmp_path: Path) -> None:
    write(tmp_path, {**SMALL_HQ, f"packages/invoicing/{folder}/x.py": "import starlette\n"})
    assert places(check(tmp_path)) == set()


def test_a_folder_without_a_manifest_is_no_hq(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTree, match="rawr_hq"):
        check(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTree, match="nowhere"):
        check(tmp_path / "nowhere")


def test_tests_of_an_hq_may_import_anything(tmp_path: Path) -> None:
    text = "import starlette\nfrom plugins.api.invoicing import router\n"
    files = {
        "packages/invoicing/tests/test_it.py": text,
        "packages/invoicing/service/test_extra.py": text,
        "tests/conftest.py": text,
        "plugins/web/invoicing/index.test.ts": 'fetch("/api/inngest");\n',
    }
    root = write(tmp_path, {**SMALL_HQ, **files})
    assert places(check(root)) == set()


@pytest.mark.parametrize(
    ("path", "layer", "owner", "inner"),
    [
        ("rawr_hq.py", Layer.MANIFEST, ("", ""), ()),
        ("packages/__init__.py", Layer.PACKAGE, ("", ""), ()),
        ("packages/invoicing/domain/run.py", Layer.PACKAGE, ("", "invoicing"), ("domain", "run")),
        ("plugins/__init__.py", Layer.PLUGIN, ("", ""), ()),
        ("plugins/api/__init__.py", Layer.PLUGIN, ("api", ""), ()),
        ("plugins/api/invoicing/router.py", Layer.PLUGIN, ("api", "invoicing"), ("router",)),
        ("plugins/web/invoicing/a/b.tsx", Layer.PLUGIN, ("web", "invoicing"), ("a", "b")),
        ("apps/server/main.py", Layer.HOST, ("", ""), ()),
        ("shared/text.py", Layer.SHARED, ("", ""), ()),
        ("sdk/index.ts", Layer.SDK, ("", ""), ()),
        ("scripts/seed.py", Layer.OTHER, ("", ""), ()),
        ("packages.py", Layer.OTHER, ("", ""), ()),
    ],
)
def test_places(path: str, layer: Layer, owner: tuple[str, str], inner: tuple[str, ...]) -> None:
    place = place_of(path)
    assert (place.layer, (place.kind, place.capability), place.inner) == (layer, owner, inner)


@pytest.mark.parametrize(
    ("path", "text", "imported"),
    [
        ("a/b/c.py", "from . import d\n", ["a.b.d"]),
        ("a/b/c.py", "from ..e import f\n", ["a.e.f"]),
        ("a/b/__init__.py", "from . import d\n", ["a.b.d"]),
        ("a/b/__init__.py", "from .. import e\n", ["a.e"]),
        ("a.py", "from ...x import y\n", ["x.y"]),
        ("a.py", "import x.y as z, q\n", ["x.y", "q"]),
        ("a.py", "from x import *\n", ["x"]),
        ("a.py", "def f():\n    import x\n", ["x"]),
        ("a.py", "__import__('x')\n", ["x"]),
        ("a.py", "__import__(name)\n", []),
    ],
)
def test_imports_are_absolute(path: str, text: str, imported: list[str]) -> None:
    assert [item.dotted for item in parse_python(path, text.encode()).imports] == imported


def test_imports_for_types_alone_are_told_apart() -> None:
    text = "import typing\nif typing.TYPE_CHECKING:\n    import a\nelse:\n    import b\nimport c\n"
    found = parse_python("x.py", text.encode()).imports
    assert [(item.module, item.is_typing_only) for item in found] == [
        ("typing", False),
        ("a", True),
        ("b", False),
        ("c", False),
    ]


def test_names_are_followed_through_re_exports_and_around_cycles(tmp_path: Path) -> None:
    files = {
        "packages/invoicing/__init__.py": "from .service import starlette_type\n",
        "packages/invoicing/service/__init__.py": "from .. import starlette_type\n",
        "plugins/api/invoicing/operations/extra.py": (
            "from packages.invoicing import starlette_type\nstarlette_type()\n"
        ),
    }
    assert places(check(write(tmp_path, {**SMALL_HQ, **files}))) == set()


def test_a_thousand_files_take_less_than_three_seconds(tmp_path: Path) -> None:
    hq = Path(__file__).parents[3] / "hq"
    sources = {
        str(path.relative_to(hq)): path.read_text()
        for path in hq.rglob("*.py")
        if "invoicing" in path.parts
    }
    write(tmp_path, SMALL_HQ)
    count = 0
    while count < 1000:
        name = f"capability{count}"
        for path, text in sources.items():
            target = tmp_path / path.replace("invoicing", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text.replace(".invoicing", f".{name}"))
            count += 1
    before = time.process_time()
    report = check(tmp_path)
    assert time.process_time() - before < 3
    assert report.files > 1000
    assert {found.rule for found in report.violations} <= {"RAWR017"}

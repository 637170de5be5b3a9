"""The built files of a web plugin."""

import gzip
from pathlib import Path

import pytest

from rawr.composition import CompositionError, define_web_surface
from rawr.host._web_assets import NotBuilt, PluginFiles


def plugin(directory: Path, *, is_live: bool = False) -> PluginFiles:
    surface = define_web_surface(title="Shop", directory=directory)
    return PluginFiles("shop", surface, directory.parent, is_live)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    directory = tmp_path / "dist"
    directory.mkdir()
    (directory / "index.js").write_text("export function mount() {}\n")
    return directory


def test_files_are_known_by_their_paths_and_contents(dist: Path) -> None:
    (dist / "images").mkdir()
    (dist / "images" / "a.png").write_bytes(b"png")
    assets = plugin(dist).assets()
    assert {path: asset.media_type for path, asset in assets.items()} == {
        "images/a.png": "image/png",
        "index.js": "text/javascript; charset=utf-8",
    }
    assert len({asset.digest for asset in assets.values()}) == 2


def test_what_is_hidden_is_not_served(dist: Path) -> None:
    (dist / ".env").write_text("SECRET=1")
    (dist / ".git").mkdir()
    (dist / ".git" / "config").write_text("")
    assert [*plugin(dist).assets()] == ["index.js"]


def test_text_that_is_long_enough_is_compressed(dist: Path) -> None:
    (dist / "long.css").write_text("a{}" * 1000)
    (dist / "image.png").write_bytes(b"0" * 5000)
    assets = plugin(dist).assets()
    assert gzip.decompress(assets["long.css"].gzipped or b"") == assets["long.css"].body
    assert assets["image.png"].gzipped is None
    assert assets["index.js"].gzipped is None


def test_what_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match=r"web plugin of shop is not built.*rawr web build"):
        plugin(tmp_path / "dist").assets()


def test_a_link_out_of_the_directory_is_refused(dist: Path) -> None:
    (dist.parent / "secret.txt").write_text("secret")
    (dist / "leak.txt").symlink_to(dist.parent / "secret.txt")
    with pytest.raises(CompositionError, match="leads out of"):
        plugin(dist).assets()


def test_a_linked_folder_is_not_entered(dist: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret.txt").write_text("secret")
    (dist / "other").symlink_to(tmp_path / "other")
    assert [*plugin(dist).assets()] == ["index.js"]


def test_a_directory_too_large_to_be_a_build_is_refused(
    dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rawr.host._web_assets._MAX_TOTAL_BYTES", 8)
    with pytest.raises(CompositionError, match="is that the built directory"):
        plugin(dist).assets()


def test_files_are_read_once(dist: Path) -> None:
    files = plugin(dist)
    before = files.assets()
    (dist / "index.js").write_text("changed")
    assert files.assets() is before


def test_a_live_plugin_sees_what_is_built_later(dist: Path) -> None:
    files = plugin(dist, is_live=True)
    before = files.assets()
    assert files.assets() is before
    (dist / "later.js").write_text("")
    assert "later.js" in files.assets()


def test_a_relative_directory_is_refused() -> None:
    with pytest.raises(CompositionError, match=r"write Path\(__file__\)"):
        define_web_surface(title="Shop", directory=Path("dist"))

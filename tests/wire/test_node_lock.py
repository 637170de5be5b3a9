"""The npm peers are pinned exactly, and their lock names no place to get them from."""

import json
import re

from tests.node_peer import NODE_DIRECTORY


def test_the_lock_holds_hashes_and_no_address() -> None:
    text = (NODE_DIRECTORY / "package-lock.json").read_text()
    assert re.search(r"https?:|\"resolved\"|\"funding\"", text) is None
    packages = json.loads(text)["packages"]
    unpinned = [name for name, entry in packages.items() if name and "integrity" not in entry]
    assert unpinned == []


def test_every_dependency_is_pinned_exactly() -> None:
    dependencies = json.loads((NODE_DIRECTORY / "package.json").read_text())["dependencies"]
    assert [v for v in dependencies.values() if re.fullmatch(r"\d+\.\d+\.\d+", v) is None] == []
    orpc = {v for name, v in dependencies.items() if name.startswith("@orpc/")}
    assert orpc == {"1.16.1"}


def test_npm_keeps_it_that_way() -> None:
    settings = (NODE_DIRECTORY / ".npmrc").read_text().splitlines()
    assert {"omit-lockfile-registry-resolved=true", "save-exact=true"} <= set(settings)

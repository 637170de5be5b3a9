"""The Scalar bundle that `make reference` fetches."""

import json
from importlib.resources import files

import pytest
from tools.reference_bundle import TARGET, VERSION

from rawr.openapi import ReferencePage
from rawr.openapi.reference._script import LocalScript

pytestmark = pytest.mark.node


@pytest.fixture
def script() -> str:
    page = ReferencePage({"openapi": "3.1.1", "info": {}, "paths": {}})
    if not isinstance(page.script, LocalScript):
        pytest.fail("The Scalar bundle is missing: run `make reference`")
    return page.script.plain().decode()


def test_it_is_the_version_that_was_chosen(script: str) -> None:
    assert json.loads(TARGET.joinpath("package.json").read_text())["version"] == VERSION
    assert f'"@scalar/api-reference@{VERSION}"' in script or VERSION in script


def test_it_lies_where_the_package_looks(script: str) -> None:
    inside = files("rawr.openapi.reference") / "assets" / "scalar" / "standalone.js.gz"
    assert inside.read_bytes() == TARGET.joinpath("standalone.js.gz").read_bytes()


def test_it_needs_no_code_made_of_text(script: str) -> None:
    assert "new Function(" not in script
    assert "createApiReference" in script

"""Registering in a manifest: what is added, what is left alone, what is refused."""

import ast
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from rawr.scaffold import (
    BOTH,
    CapabilityName,
    Surface,
    UnknownManifest,
    hq_files,
    register_capability,
    registered_surfaces,
)

ALL = frozenset(Surface)
EMPTY = hq_files("acme")["rawr_hq.py"]
REFERENCE = Path(__file__).parents[3] / "hq" / "rawr_hq.py"


def register(text: str, name: str = "shipping", surfaces: frozenset[Surface] = BOTH) -> str:
    return register_capability(text, CapabilityName.parse(name), surfaces)


def added(before: str, after: str) -> list[str]:
    """The lines that were added, if nothing else happened."""
    old, lines = before.splitlines(), after.splitlines()
    new = []
    for line in lines:
        if old and line == old[0]:
            old.pop(0)
        else:
            new.append(line)
    assert not old, f"changed or moved: {old}"
    return new


def test_a_web_plugin_is_imported_and_named_but_has_no_contract() -> None:
    lines = register(REFERENCE.read_text(), surfaces=ALL).splitlines()
    assert "from plugins.web.shipping import surface as shipping_web" in lines
    assert "web=shipping_web," in [line.strip() for line in lines]
    assert not any("ShippingWeb" in line for line in lines)


def test_an_empty_manifest_gets_imports_and_one_entry() -> None:
    assert register(EMPTY) == textwrap.dedent(
        '''\
        """The manifest: which capabilities this HQ is made of. Importing it starts nothing."""

        from rawr.composition import compose_capabilities, define_capability

        from packages.shipping import capability as shipping_package
        from plugins.api.shipping import surface as shipping_api
        from plugins.workflows.shipping import surface as shipping_workflows

        manifest = compose_capabilities(
            [
                # `rawr new capability NAME` adds an entry here.
                define_capability(
                    "shipping",
                    provide=shipping_package.provide,
                    roles=shipping_package.ROLES,
                    migrations=shipping_package.MIGRATIONS,
                    api=shipping_api,
                    workflows=shipping_workflows,
                ),
            ],
            name="acme",
        )
        '''
    )


def test_registering_again_changes_nothing() -> None:
    once = register(EMPTY)
    assert register(once) == once


def test_a_surface_that_was_not_asked_for_is_not_mentioned() -> None:
    assert "workflows" not in register(EMPTY, surfaces=frozenset({Surface.API}))
    assert "shipping_api" not in register(EMPTY, surfaces=frozenset({Surface.WORKFLOW}))


def test_a_second_capability_is_only_added() -> None:
    first = register(EMPTY)
    lines = added(first, register(first, "billing"))
    assert [line for line in lines if line.startswith("from")] == [
        "from packages.billing import capability as billing_package",
        "from plugins.api.billing import surface as billing_api",
        "from plugins.workflows.billing import surface as billing_workflows",
    ]


@pytest.mark.parametrize("names", [("b", "a", "c"), ("c", "b", "a"), ("order_intake", "order")])
def test_any_order_leaves_a_formatted_manifest(names: tuple[str, ...], tmp_path: Path) -> None:
    text = EMPTY
    for name in names:
        text = register(text, name)
    assert [call.args[0].value for call in definitions(text)] == [*names]
    (tmp_path / "rawr_hq.py").write_text(text)
    (tmp_path / "pyproject.toml").write_text(hq_files("acme")["pyproject.toml"])
    ruff = Path(sys.executable).with_name("ruff")
    for command in (["format", "--check", "--diff"], ["check"]):
        said = subprocess.run(
            [ruff, *command, "--no-cache", "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stdout + said.stderr


def definitions(text: str) -> list[ast.Call]:
    (composition,) = (
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("compose_capabilities")
    )
    entries = composition.args[0]
    assert isinstance(entries, ast.List)
    return [entry for entry in entries.elts if isinstance(entry, ast.Call)]


def test_comments_and_odd_layout_stay() -> None:
    before = textwrap.dedent(
        """\
        # Ä comment on top.
        from rawr.composition import (  # why this
            compose_capabilities,
        )

        import os  # kept
        one = object()
        manifest = compose_capabilities(
            [
                one,  # the first
                one  # no comma, and a comment, with one
            ],
        )
        # The end."""
    )
    after = register(before)
    assert "one,  # no comma, and a comment, with one\n" in after
    lines = added(before.replace("one  #", "one,  #"), after)
    assert "from rawr.composition import define_capability" in lines
    assert len(definitions(after)) == 1


@pytest.mark.parametrize(
    "call",
    [
        "compose_capabilities([])",
        "compose_capabilities([one])",
        "compose_capabilities([one, one])",
        "compose_capabilities(capabilities=[one])",
        "compose_capabilities([one,\n    one])",
    ],
)
def test_a_list_on_one_line_is_unfolded(call: str) -> None:
    before = f"from rawr.composition import compose_capabilities\none = 1\nmanifest = {call}\n"
    after = register(before)
    assert len(definitions(after)) == 1
    assert after.count("one,") == call.count("one")


def test_the_reference_hq_gets_a_contract_too() -> None:
    after = register(REFERENCE.read_text())
    assert "    shipping: Shipping\n\n\nmanifest" in after
    assert "class Shipping(Contract):\n" in after
    assert "    api: ShippingApi\n    workflows: ShippingWorkflows\n" in after
    assert "from plugins.api.shipping.contract import ShippingApi\n" in after
    assert "    contract=HQ,\n" in after
    assert len(definitions(after)) == 1


def test_an_empty_contract_gets_its_first_line() -> None:
    before = textwrap.dedent(
        '''\
        from rawr.composition import compose_capabilities
        from rawr.contract import Contract


        class HQ(Contract):
            """Everything."""


        manifest = compose_capabilities([], contract=HQ)
        '''
    )
    assert '    """Everything."""\n\n    shipping: Shipping\n' in register(before)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("manifest = (", "was never closed"),
        ("import os\n", "calls compose_capabilities 0 times"),
        ("import c\nc.compose_capabilities([])\nc.compose_capabilities([])\n", "2 times"),
        ("import c\nm = c.compose_capabilities(c.all())\n", "not written as a list"),
        ("import c\nm = c.compose_capabilities([*c.all()], contract=c.HQ)\n", "one of its classes"),
        ("import c\nm = c.compose_capabilities([], # why\n)\n", "line of its own"),
        ("m = compose_capabilities([])\n", "imports nothing"),
        (
            "import c\nclass Shipping: 1\nclass HQ: 1\nc.compose_capabilities([], contract=HQ)\n",
            "defines Shipping already",
        ),
    ],
)
def test_a_manifest_of_another_form_is_refused_with_what_to_add(text: str, why: str) -> None:
    with pytest.raises(UnknownManifest) as caught:
        register(text)
    message = str(caught.value)
    assert why in message
    assert "from plugins.api.shipping import surface as shipping_api" in message
    assert "provide=shipping_package.provide," in message


WITHOUT_WEB = (
    REFERENCE.read_text()
    .replace("    web=invoicing_web.surface,\n", "")
    .replace("from plugins.web import invoicing as invoicing_web\n", "")
)
WEB = frozenset({Surface.WEB})


def test_a_capability_that_is_there_is_given_a_surface() -> None:
    assert added(WITHOUT_WEB, register(WITHOUT_WEB, "invoicing", WEB)) == [
        "from plugins.web.invoicing import surface as invoicing_web",
        "    web=invoicing_web,",
    ]


def test_a_definition_on_one_line_is_broken_up() -> None:
    text = "from rawr.composition import define_capability\n\n"
    after = register(f'{text}it = define_capability("shipping", provide=provide)\n', surfaces=WEB)
    assert after.splitlines()[4:] == [
        "it = define_capability(",
        '    "shipping",',
        "    provide=provide,",
        "    web=shipping_web,",
        ")",
    ]


def test_the_contract_of_an_hq_gets_the_surface_too() -> None:
    text = register(REFERENCE.read_text(), surfaces=frozenset({Surface.API}))
    lines = added(text, register(text, surfaces=BOTH))
    assert "    workflows: ShippingWorkflows" in lines
    assert "from plugins.workflows.shipping.contract import ShippingWorkflows" in lines


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("    migrations=(MIGRATIONS,),", "    **more,", "is given `**` arguments"),
        ("import OPERATOR", "import invoicing_web, OPERATOR", "uses the name invoicing_web"),
    ],
)
def test_a_definition_of_its_own_form_is_refused(before: str, after: str, words: str) -> None:
    with pytest.raises(UnknownManifest, match=re.escape(words)) as refused:
        register(WITHOUT_WEB.replace(before, after), "invoicing", WEB)
    assert 'define_capability("invoicing", ..., web=invoicing_web)' in str(refused.value)


def test_the_surfaces_of_a_capability_are_known() -> None:
    name = CapabilityName.parse("invoicing")
    assert registered_surfaces(WITHOUT_WEB, name) == BOTH
    assert registered_surfaces(EMPTY, name) is None
    with pytest.raises(UnknownManifest, match="cannot be read"):
        registered_surfaces("def", name)

"""Contracts become a module."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec
import pytest
from pydantic import create_model

from rawr.contract import Contract, TypedError, get, post, procedure
from rawr.schema import Schema
from rawr.typescript import Surface, TypeScriptError, emit_typescript


class Item(Schema):
    """One item."""

    name: str
    count: int = 1


class Box(Schema):
    items: list[Item]


class Gone(TypedError[Item], code="GONE", status=410):
    """It is gone."""


class Shop(Contract, prefix="/shop"):
    """Sells things."""

    list_items = get("/items").output(Box).errors(Gone).publish()
    put_item = post("/items").input(Item).output(Item).errors(Gone)


class Api(Contract):
    shop: Shop


class Root(Contract):
    shop: Shop


RPC = Surface(name="rpc", contract=Root, mount="/rpc", link="rpc")
REST = Surface(name="api", contract=Api, mount="/api/orpc", link="openapi")


def emitted(contract: type[Contract], **options: Any) -> str:
    return emit_typescript(
        [Surface(name="rpc", contract=contract, mount="/rpc", link="rpc")], **options
    )


def contract_of(**schemas: Any) -> type[Contract]:
    procedures = {name: procedure().input(schema) for name, schema in schemas.items()}
    return type("Made", (Contract,), procedures)


def test_equal_contracts_give_equal_texts() -> None:
    assert emit_typescript([RPC, REST]) == emit_typescript([RPC, REST])


def test_a_contract_class_is_written_once_for_all_surfaces() -> None:
    text = emit_typescript([RPC, REST])
    assert text.count("listItems: oc") == 1
    assert "export const rpc = {\n  shop: shop,\n}" in text
    assert "export const api = {\n  shop: shop,\n}" in text


def test_an_error_is_written_once_with_its_data() -> None:
    text = emit_typescript([RPC])
    expected = "const gone = { status: 410, message: 'It is gone.', data: type<Item>() }\n"
    assert text.count(expected) == 1
    assert text.count(".errors({ GONE: gone })") == 2


def test_paths_have_the_prefixes_around_them() -> None:
    assert ".route({ method: 'GET', path: '/shop/items' })" in emit_typescript([REST])


def test_what_goes_in_is_told_from_what_comes_out() -> None:
    text = emit_typescript([RPC])
    assert "export type Item = {\n  name: string\n  /** @default 1 */\n  count: number\n}" in text
    assert (
        "export type ItemInput = {\n  name: string\n  /** @default 1 */\n  count?: number\n}"
        in text
    )
    assert ".input(type<ItemInput>())\n    .output(type<Item>())" in text


def test_a_type_that_only_goes_in_has_the_plain_name() -> None:
    text = emitted(contract_of(put=Item))
    assert "type<Item>()" in text
    assert "ItemInput" not in text


def _other_item() -> type[Schema]:
    class Item(Schema):
        other: str

    return Item


def test_two_types_of_one_name_are_numbered() -> None:
    text = emitted(contract_of(one=Item, two=_other_item(), three=Item))
    assert text.count("export type Item") == 2
    assert text.count("type<Item>()") == 2
    assert text.count("type<Item2>()") == 1


def test_a_type_may_be_called_like_one_of_the_language() -> None:
    class Date(Schema):
        day: str

    assert "export type Date2 = {" in emitted(contract_of(put=Date))


def test_recursive_and_generic_types_have_names() -> None:
    class Tree(Schema):
        children: list["Tree"]

    Tree.model_rebuild(_types_namespace={"Tree": Tree})
    text = emitted(contract_of(one=Tree, two=list[Tree]))
    assert "export type Tree = {\n  children: Tree[]\n}" in text
    assert "type<Tree[]>()" in text


def test_structs_are_written_too() -> None:
    class Point(msgspec.Struct):
        x: int
        y: int = 0

    assert "export type Point = {\n  x: number\n  /** @default 0 */\n  y?: number\n}" in emitted(
        contract_of(put=Point)
    )


def test_the_published_module_holds_published_procedures_only() -> None:
    text = emit_typescript([REST], audience="published")
    assert "listItems" in text
    assert "putItem" not in text
    assert "RPCLink" not in text
    assert "credentials" not in text


def test_rpc_is_never_published() -> None:
    with pytest.raises(TypeScriptError, match="rpc: RPC is for first parties"):
        emit_typescript([RPC], audience="published")


def test_nothing_published_is_an_error() -> None:
    surface = Surface(name="api", contract=contract_of(put=Item), mount="/api", link="openapi")
    with pytest.raises(TypeScriptError, match=r"\.publish\(\)"):
        emit_typescript([surface], audience="published")


def test_first_parties_send_credentials_and_the_csrf_token() -> None:
    for surface in (RPC, REST):
        text = emit_typescript([surface])
        assert "credentials: 'include'" in text
        assert "'x-csrf-token': 'orpc'" in text


def test_imports_are_those_in_use() -> None:
    text = emit_typescript([RPC])
    assert "import { oc, type, type ContractRouterClient } from '@orpc/contract'" in text
    assert "openapi-client" not in text


def test_a_web_plugin_gets_what_it_is_mounted_with() -> None:
    assert "export type Mount = (" in emit_typescript([RPC], web=True)
    assert "Mount" not in emit_typescript([RPC])


State = Literal["open", "shut"]


def is_open(state: State) -> bool:
    """True while it is open."""
    return state == "open"


def broken(state: State) -> bool:
    raise ValueError(state)


def of_text(text: str) -> bool:
    return bool(text)


def with_values(**values: object) -> str:
    return emit_typescript([RPC], values={"shop": values})


def test_literals_become_types_and_constants() -> None:
    text = with_values(State=State)
    assert "export const State = ['open', 'shut'] as const\n" in text
    assert "export type State = (typeof State)[number]\n" in text


def test_functions_of_a_literal_become_tables() -> None:
    text = with_values(State=State, is_open=is_open)
    assert "const isOpenTable: Record<State, boolean> = {\n  open: true,\n  shut: false,\n}" in text
    assert "/** True while it is open. */\nexport function isOpen(state: State): boolean {" in text


def test_other_functions_stay_on_the_server() -> None:
    assert "// shop.of_text is no function of one literal" in with_values(of_text=of_text)


def test_plain_values_become_constants() -> None:
    text = with_values(LIMIT=3, open_states=frozenset({"b", "a"}))
    assert "export const LIMIT = 3 as const\n" in text
    assert "export const openStates = ['a', 'b'] as const\n" in text


def test_schemas_and_contracts_are_known_already() -> None:
    text = with_values(Item=Item, Shop=Shop, Box=Box)
    assert text.count("export type Box ") == 1


def test_two_capabilities_may_use_one_name() -> None:
    values = {"a": {"STATES": ["x"]}, "b": {"STATES": ["y"]}}
    text = emit_typescript([RPC], values=values)
    assert "export const STATES = ['x'] as const" in text
    assert "export const bSTATES = ['y'] as const" in text


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "shop.thing is a object"),
        (broken, "raises ValueError"),
    ],
)
def test_what_has_no_form_is_named(value: object, message: str) -> None:
    with pytest.raises(TypeScriptError, match=message):
        with_values(thing=value)


def test_text_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    write: Callable[[str], str] = __import__("rawr.typescript._text", fromlist=["quote"]).quote
    assert write("a'b\"c\\d\n\u2028") == "'a\\'b\"c\\\\d\\n\\u2028'"


def test_a_type_keeps_its_name_beside_another_one_of_that_name() -> None:
    both = create_model("Both", __base__=Schema, own=(Item, ...), other=(_other_item(), ...))
    text = emitted(contract_of(one=both, two=Item))
    assert text.count("export type Item") == 2
    assert "Item3" not in text


def test_a_procedure_that_cannot_be_described_is_named() -> None:
    with pytest.raises(TypeScriptError, match=r"^Made\.put: "):
        emitted(contract_of(put=Callable[[int], int]))

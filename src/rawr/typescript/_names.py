"""Names given out once each."""

from typing import Final

RESERVED_TYPES: Final = frozenset(
    {
        *("Array", "AsyncIteratorObject", "Blob", "Date", "Map", "Partial", "Promise", "Record"),
        *("RegExp", "Set", "URL", "AbortSignal", "HTMLElement", "Request", "Response", "Headers"),
        *("ContractRouterClient", "JsonifiedClient", "ClientOptions"),
        *("Mount", "MountContext", "Unmount"),
    }
)
"""What the module itself means by these."""

RESERVED_VALUES: Final = frozenset(
    {
        *("await", "break", "case", "catch", "class", "const", "continue", "debugger", "default"),
        *("delete", "do", "else", "enum", "export", "extends", "false", "finally", "for"),
        *("function", "if", "implements", "import", "in", "instanceof", "interface", "let", "new"),
        *("null", "package", "private", "protected", "public", "return", "static", "super"),
        *("switch", "this", "throw", "true", "try", "typeof", "undefined", "var", "void", "while"),
        *("with", "yield", "arguments", "eval"),
        *("createORPCClient", "eventIterator", "oc", "type", "OpenAPILink", "RPCLink"),
        *("globalThis", "fetch"),
    }
)


class Names:
    """The names of one namespace."""

    def __init__(self, reserved: frozenset[str]) -> None:
        self._taken = set(reserved)

    def take(self, wanted: str) -> str:
        """The wanted name, numbered if it is taken."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}{number}"
        self._taken.add(name)
        return name

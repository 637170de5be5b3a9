"""Where a contract starts: a method and, for OpenAPI, a path."""

from ._errors import ContractError
from ._procedure import ProcedureContract, ProcedureDefinition
from ._route import Method, Route


def procedure() -> ProcedureContract[None, None]:
    """A `POST` procedure whose path follows from its place in the contract."""
    return ProcedureContract()


def get(path: str | None = None) -> ProcedureContract[None, None]:
    """A procedure read with `GET`."""
    return _start("GET", path)


def post(path: str | None = None) -> ProcedureContract[None, None]:
    """A procedure called with `POST`."""
    return _start("POST", path)


def put(path: str | None = None) -> ProcedureContract[None, None]:
    """A procedure called with `PUT`."""
    return _start("PUT", path)


def patch(path: str | None = None) -> ProcedureContract[None, None]:
    """A procedure called with `PATCH`."""
    return _start("PATCH", path)


def delete(path: str | None = None) -> ProcedureContract[None, None]:
    """A procedure called with `DELETE`."""
    return _start("DELETE", path)


def _start(method: Method, path: str | None) -> ProcedureContract[None, None]:
    if path is not None and not path.startswith("/"):
        raise ContractError(f"a path starts with '/': write {'/' + path!r} for {path!r}")
    return ProcedureContract(ProcedureDefinition(route=Route(method=method, path=path)))

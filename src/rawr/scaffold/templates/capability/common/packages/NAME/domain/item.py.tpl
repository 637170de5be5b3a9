"""An item, and what makes two of them the same."""

from typing import Annotated, TypeAlias

from pydantic import Field
from rawr.schema import Schema

Title: TypeAlias = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class Item(Schema):
    """Something a tenant keeps, by a title that is unique there."""

    item_id: str
    title: str


def clean_title(title: str) -> str:
    """The title without superfluous white space, which is how titles are kept and compared."""
    return " ".join(title.split())

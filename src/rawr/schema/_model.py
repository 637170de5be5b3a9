"""The model to derive boundary and domain schemas from."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Schema(BaseModel):
    """A closed, immutable record: snake_case in Python, camelCase on the wire.

    Unknown keys are refused, so a misspelt field is an error and not a silent default.

    >>> class RunRef(Schema):
    ...     run_id: str
    >>> RunRef(run_id="run-1").model_dump(by_alias=True)
    {'runId': 'run-1'}
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        loc_by_alias=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

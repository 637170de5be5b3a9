"""The published document of an HQ: whether the committed one is what is served."""

import json
from pathlib import Path
from typing import Final

from rawr.composition import Manifest
from rawr.contract import ContractError
from rawr.host import openapi_document
from rawr.openapi import OpenAPIGeneratorError, compare_openapi
from rawr.scaffold import OPENAPI_FILE

from ._report import Finding, mend, note, ok

_CHECK: Final = "published"


def check_published(hq_dir: Path, manifest: Manifest) -> Finding:
    """Whether the committed OpenAPI document is current; that it is not stops nothing."""
    try:
        document = openapi_document(manifest)
    except (ContractError, OpenAPIGeneratorError) as error:
        return mend(_CHECK, str(error), "change the contracts it names, or do not publish them")
    file = hq_dir / OPENAPI_FILE
    try:
        committed = json.loads(file.read_text(encoding="utf-8"))
        changes = compare_openapi(committed, document)
    except FileNotFoundError:
        return note(_CHECK, f"there is no {OPENAPI_FILE}; write it: rawr openapi HQ -o {file}")
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        return note(_CHECK, f"{OPENAPI_FILE} cannot be read ({error!r}); write it anew")
    if not changes:
        return ok(_CHECK, f"{OPENAPI_FILE} is up to date")
    breaking = sum(change.is_breaking for change in changes)
    return note(
        _CHECK,
        f"{OPENAPI_FILE} is out of date: {breaking} of {len(changes)} changes break callers; "
        "`rawr openapi --check` names them",
    )

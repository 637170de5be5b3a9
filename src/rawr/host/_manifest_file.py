"""Finding and importing the manifest of an HQ."""

import importlib
import sys
import traceback
from pathlib import Path

from rawr.composition import CompositionError, Manifest

MANIFEST_FILE = "rawr_hq.py"


class ManifestNotFound(Exception):
    """The folder holds no HQ, or its manifest cannot be used; the message says why."""


class ManifestBroken(Exception):
    """Importing the manifest failed; the message says where, why, and what to do."""

    def __init__(self, hq_dir: Path, error: Exception) -> None:
        self.place = _place(hq_dir, error)
        self.reason = f"{type(error).__name__}: {_message(error)}"
        self.remedy = _remedy(error)
        super().__init__(
            f"{self.place}: {self.reason}; {self.remedy}. RAWR_DEBUG=1 shows the traceback"
        )


def load_manifest(hq_dir: Path) -> Manifest:
    """Import `rawr_hq.py` of an HQ and return its `manifest`.

    The HQ's folder joins the import path first, so that `packages` and `plugins` are found.

    Raises:
        ManifestNotFound: There is no `rawr_hq.py`, or it defines no `manifest`.
        CompositionError: What it composes does not go together.
        ManifestBroken: Anything else that its modules raise when they are imported.
    """
    hq_dir = hq_dir.resolve()
    if not (hq_dir / MANIFEST_FILE).is_file():
        raise ManifestNotFound(
            f"{hq_dir} holds no {MANIFEST_FILE}; give the folder of an HQ, or make one: "
            "rawr init NAME"
        )
    if str(hq_dir) not in sys.path:
        sys.path.insert(0, str(hq_dir))
    try:
        module = importlib.import_module(Path(MANIFEST_FILE).stem)
    except CompositionError:
        raise
    except Exception as error:
        raise ManifestBroken(hq_dir, error) from error
    manifest = getattr(module, "manifest", None)
    if not isinstance(manifest, Manifest):
        raise ManifestNotFound(
            f"{hq_dir / MANIFEST_FILE} defines no manifest; "
            "write manifest = compose_capabilities([...])"
        )
    return manifest


def _place(hq_dir: Path, error: Exception) -> str:
    """The last line of the HQ on the way to the error."""
    files = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        files.append((error.filename or "", error.lineno))
    for name, line in reversed(files):
        if Path(name).is_relative_to(hq_dir):
            return f"{Path(name).relative_to(hq_dir)}:{line}"
    return MANIFEST_FILE


def _message(error: Exception) -> str:
    """What it says, without the place that some errors repeat."""
    return error.msg if isinstance(error, SyntaxError | ImportError) else str(error)


def _remedy(error: Exception) -> str:
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return "mend that first; nothing starts before the manifest can be imported"
    top, _, rest = error.name.partition(".")
    if top not in ("packages", "plugins"):
        return f"pip install what has the module {top}, or remove the import"
    return (
        f"write {error.name.replace('.', '/')} (rawr new capability "
        f"{rest.rpartition('.')[2] or 'NAME'}), or remove the import and what uses it"
    )

"""Finding and importing the manifest of an HQ."""

import importlib
import sys
from pathlib import Path

from rawr.composition import Manifest

MANIFEST_FILE = "rawr_hq.py"


class ManifestNotFound(Exception):
    """The folder holds no HQ, or its manifest cannot be used; the message says why."""


def load_manifest(hq_dir: Path) -> Manifest:
    """Import `rawr_hq.py` of an HQ and return its `manifest`.

    The HQ's folder joins the import path first, so that `packages` and `plugins` are found.

    Raises:
        ManifestNotFound: There is no `rawr_hq.py`, or it defines no `manifest`.
    """
    hq_dir = hq_dir.resolve()
    if not (hq_dir / MANIFEST_FILE).is_file():
        raise ManifestNotFound(
            f"{hq_dir} holds no {MANIFEST_FILE}; give the folder of an HQ: rawr dev path/to/hq"
        )
    if str(hq_dir) not in sys.path:
        sys.path.insert(0, str(hq_dir))
    module = importlib.import_module(Path(MANIFEST_FILE).stem)
    manifest = getattr(module, "manifest", None)
    if not isinstance(manifest, Manifest):
        raise ManifestNotFound(
            f"{hq_dir / MANIFEST_FILE} defines no manifest; "
            "write manifest = compose_capabilities([...])"
        )
    return manifest

"""Put the Scalar bundle of the reference page where the wheel and a checkout find it.

The tarball comes from the npm registry through npm and is checked against the digest below.
Run it from the root: `python -m tools.reference_bundle`.
"""

import base64
import gzip
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.node.install import npm_command

VERSION = "1.72.1"
PACKAGE = f"@scalar/api-reference@{VERSION}"
SHA512 = "XpEJ0rfc/cXbCrR+iC4kK0o/WwX2dTtGQbT049OlPKAHD6IMIFdTeGz2r+M27P2EDWKyUITRm/NzlP8z2pw/Ow=="
TARGET = Path(__file__).parents[1] / "src/rawr/openapi/reference/assets/scalar"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        pack = [*npm_command(), "pack", PACKAGE, "--silent", "--pack-destination", folder]
        subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - npm, fixed words
        (tarball,) = Path(folder).glob("*.tgz")
        content = tarball.read_bytes()
        if base64.b64encode(hashlib.sha512(content).digest()).decode() != SHA512:
            sys.exit(f"{PACKAGE} is not what it was when it was chosen: its digest differs")
        TARGET.mkdir(parents=True, exist_ok=True)
        with tarfile.open(tarball) as archive:
            script = _member(archive, "package/dist/browser/standalone.js")
            (TARGET / "standalone.js.gz").write_bytes(gzip.compress(script, mtime=0))
            # Its licence (MIT), authors and version; the package holds no other notice.
            (TARGET / "package.json").write_bytes(_member(archive, "package/package.json"))
    return 0


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        sys.exit(f"{PACKAGE} holds no {name}")
    return file.read()


if __name__ == "__main__":
    raise SystemExit(main())

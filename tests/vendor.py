"""The libraries that the HTML report carries, fetched anew: python tests/vendor.py [--update].

Each file is taken out of its package as the registry gives it, by the name and version of VERSIONS.txt, and its hash
compared with the one there; with --update that is written instead (after a version was changed by hand). Needs npm.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "ivigcheck" / "report" / "page" / "assets" / "vendor"
LIST = FOLDER / "VERSIONS.txt"


def fetched(package: str, version: str, name: str, folder: Path) -> bytes:
    """A file of a package."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, capture_output=True, text=True
    )
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        member = next(m for m in archive.getmembers() if m.name.endswith(f"/{name}"))
        file = archive.extractfile(member)
        assert file is not None
        return file.read()


def main(arguments: list[str]) -> int:
    """0 where every file is what VERSIONS.txt says."""
    update, wrong = "--update" in arguments, 0
    lines = LIST.read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        for k, line in enumerate(lines):
            if ".js " not in line:
                continue
            name, package, version, licence, sha256 = line.split()
            content = fetched(package, version, name, Path(folder))
            found = hashlib.sha256(content).hexdigest()
            if update:
                (FOLDER / name).write_bytes(content)
                lines[k] = f"{name}  {package}  {version}  {licence}  {found}"
            elif not (found == sha256 and (FOLDER / name).read_bytes() == content):
                wrong += 1
                print(f"{name} is not what {package} {version} holds")
    if update:
        LIST.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

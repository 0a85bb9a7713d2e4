"""Rules of the repository that no other tool checks: links in documents, and lock files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

NOT_OURS = {"node_modules", ".venv", ".venv-docs", ".venv-proofs", ".git", ".data", ".site"}
LOCKS = ("runtime", "dev", "docs", "proofs")
NODE_FOLDERS = ("tools/lighthouse", "tools/node", "web")
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
PIN = re.compile(
    r"^([A-Za-z0-9._-]+)==([^ ;\\]+)([^\\\n]*)\\?((?:\n +--hash=sha256:[0-9a-f]{64} ?\\?)*)",
    re.MULTILINE,
)


def broken_links(root: Path) -> list[str]:
    """Finds relative links of Markdown files that lead nowhere, headings included."""
    return [fault for path in _documents(root) for fault in _broken_in(path, root)]


def _documents(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*.md")):
        if not NOT_OURS.intersection(path.relative_to(root).parts):
            yield path


def _broken_in(path: Path, root: Path) -> Iterator[str]:
    for match in LINK.finditer(FENCE.sub("", path.read_text())):
        link = match[1] or match[2]
        if re.match(r"[a-z][a-z0-9+.-]*:", link):  # another site, or an address of mail
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        where = f"{path.relative_to(root)}: {link}"
        if not target.exists():
            yield f"{where} leads to nothing"
        elif anchor and target.suffix == ".md" and anchor not in _anchors(target):
            yield f"{where} names no heading of {target.name}"


def _anchors(path: Path) -> set[str]:
    """Gives the names that the usual viewers make from headings."""
    anchors: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", path.read_text())):
        words = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        again = sum(1 for known in anchors if re.fullmatch(rf"{re.escape(words)}(-\d+)?", known))
        anchors.add(f"{words}-{again}" if again else words)
    return anchors


def lock_faults(root: Path) -> list[str]:
    """Finds lock files that name a host, lack a hash, or do not fit what they are made from."""
    requirements = root / "requirements"
    pins = {name: _pins(requirements / f"{name}.txt") for name in LOCKS}
    faults: list[str] = []
    for name, known in pins.items():
        faults += _hosts(requirements / f"{name}.txt", root)
        faults += [
            f"{name}.txt: {entry} has no hash" for entry, (_, sums) in known.items() if not sums
        ]
        faults += _unmet(requirements / f"{name}.in", known)
    faults += [
        f"dev.txt: {name} is not the {version} of runtime.txt"
        for name, (version, _) in pins["runtime"].items()
        if pins["dev"].get(name, ("", ""))[0] != version
    ]
    for folder in NODE_FOLDERS:
        faults += _node_faults(root / folder, root)
    return faults


def _pins(lock: Path) -> dict[str, tuple[str, str]]:
    """Reads a lock file as name -> (version, hashes)."""
    return {
        canonicalize_name(name): (version, sums)
        for name, version, _, sums in PIN.findall(lock.read_text())
    }


def _unmet(wishes: Path, pins: dict[str, tuple[str, str]]) -> Iterator[str]:
    for line in wishes.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if not text or text.startswith("-"):
            continue
        wish = Requirement(text)
        version = pins.get(canonicalize_name(wish.name), ("", ""))[0]
        if not version:
            yield f"{wishes.name}: {wish.name} is not in the lock file"
        elif Version(version) not in wish.specifier:
            yield f"{wishes.name}: the lock file has {wish.name} {version}, not {wish.specifier}"


def _node_faults(folder: Path, root: Path) -> Iterator[str]:
    where = (folder / "package-lock.json").relative_to(root)
    yield from _hosts(root / where, root)
    wanted = json.loads((folder / "package.json").read_text())
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    known = {name.rpartition("node_modules/")[2] for name in packages}
    for kind in ("dependencies", "devDependencies"):
        if wanted.get(kind, {}) != packages[""].get(kind, {}):
            yield f"{where}: its {kind} are not those of package.json"
    for name, entry in packages.items():
        if name and "integrity" not in entry:
            yield f"{where}: {name} has no hash"
        # An optional package that no registry has is no fault to `npm install`, but to `npm ci`;
        # and whoever takes its name later is let in.
        for needed in entry.get("dependencies", {}) | entry.get("optionalDependencies", {}):
            if needed not in known:
                yield f"{where}: {name or 'package.json'} needs {needed}, which is not there"


def _hosts(lock: Path, root: Path) -> Iterator[str]:
    for number, line in enumerate(lock.read_text().splitlines(), 1):
        if "://" in line:
            yield f"{lock.relative_to(root)}:{number} names a host"

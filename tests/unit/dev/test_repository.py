"""The repository's own rules find what they are for."""

import json
from pathlib import Path

import pytest

from tradepost.entrypoints.dev.data import CLONE
from tradepost.entrypoints.dev.repository import NODE_FOLDERS, broken_links, lock_faults

SUM = "a" * 64


def test_a_link_to_nothing_and_to_no_heading_are_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.md").write_text("# The *first* `part`\n\n## Again\n\n## Again\n")
    (tmp_path / "README.md").write_text(
        "# Top\n"
        "[a](docs/guide.md) [b](docs/guide.md#the-first-part) [c](docs/guide.md#again-1)\n"
        "[d](#top)\n"
        "[e](docs/none.md) [f](docs/guide.md#again-2) ![g](none.png) [h](#bottom)\n"
        "[i](https://example.org/none) [j](mailto:somebody@example.org)\n"
        "```\n[k](inside/a/fence.md)\n```\n"
    )
    assert broken_links(tmp_path) == [
        "README.md: docs/none.md leads to nothing",
        "README.md: docs/guide.md#again-2 names no heading of guide.md",
        "README.md: none.png leads to nothing",
        "README.md: #bottom names no heading of README.md",
    ]


def test_documents_of_others_are_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / "tools" / "node_modules"
    foreign.mkdir(parents=True)
    (foreign / "README.md").write_text("[a](none.md)")
    assert broken_links(tmp_path) == []


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    """A repository with sound lock files."""
    (tmp_path / "requirements").mkdir()
    for name, wishes in [
        ("runtime", "one[more]>=1\n"),
        ("dev", "-r runtime.in\ntwo\n"),
        ("docs", "two\n"),
        ("proofs", "two\n"),
    ]:
        (tmp_path / "requirements" / f"{name}.in").write_text(f"# why\n{wishes}")
    one = f"one==1.5 ; sys_platform == 'linux' \\\n    --hash=sha256:{SUM}\n"
    two = f"two==2.0 \\\n    --hash=sha256:{SUM} \\\n    --hash=sha256:{SUM}\n    # via x\n"
    (tmp_path / "requirements" / "runtime.txt").write_text(one)
    (tmp_path / "requirements" / "dev.txt").write_text(one + two)
    (tmp_path / "requirements" / "docs.txt").write_text(two)
    (tmp_path / "requirements" / "proofs.txt").write_text(two)
    wanted = {"dependencies": {"three": "3.0.0"}}
    packages = {"": wanted, "node_modules/three": {"version": "3.0.0", "integrity": "sha512-x"}}
    for name in NODE_FOLDERS:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps(wanted))
        (folder / "package-lock.json").write_text(json.dumps({"packages": packages}))
    return tmp_path


def test_sound_lock_files_have_no_faults(locks: Path) -> None:
    assert lock_faults(locks) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("requirements/runtime.in", "one[more]>=1", "one>=1.6", "has one 1.5, not >=1.6"),
        ("requirements/dev.in", "two", "four", "dev.in: four is not in the lock file"),
        ("requirements/dev.txt", "one==1.5", "one==1.6", "one is not the 1.5 of runtime.txt"),
        ("requirements/runtime.txt", f"--hash=sha256:{SUM}", "", "runtime.txt: one has no hash"),
        ("requirements/proofs.txt", f"--hash=sha256:{SUM}", "", "proofs.txt: two has no hash"),
        ("requirements/dev.txt", "# via x", "# from https://host/", "dev.txt:6 names a host"),
        ("tools/node/package.json", "3.0.0", "3.1.0", "dependencies are not those of package.json"),
        ("tools/node/package-lock.json", "integrity", "none", "node_modules/three has no hash"),
        ("web/package.json", "3.0.0", "3.1.0", "web/package-lock.json: its dependencies are not"),
        ("web/package-lock.json", "integrity", "none", "node_modules/three has no hash"),
        (
            "web/package-lock.json",
            '"integrity"',
            '"optionalDependencies": {"four": "1"}, "integrity"',
            "node_modules/three needs four, which is not there",
        ),
        (
            "tools/node/package-lock.json",
            '"version"',
            '"resolved": "http://h/", "v"',
            "names a host",
        ),
    ],
)
def test_a_fault_in_a_lock_file_is_found(
    locks: Path, name: str, old: str, new: str, fault: str
) -> None:
    path = locks / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert any(fault in found for found in lock_faults(locks)), lock_faults(locks)


def test_our_own_lock_files_have_none() -> None:
    assert lock_faults(CLONE) == []

"""The first stage of `run.py`: each fault is one plain sentence, and an interruption is no harm."""

import ast
import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import run
from tradepost.entrypoints.dev.processes import wait_until

RUN = Path(run.__file__)
NOWHERE = "http://127.0.0.1:9"  # nobody answers there


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that `run` takes for the clone, with lock files of its own."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "tools" / "node").mkdir(parents=True)
    for name in ("requirements/runtime.txt", "requirements/dev.txt", "pyproject.toml"):
        (tmp_path / name).write_text("")
    (tmp_path / "web").mkdir()
    for folder in ("tools/node", "web"):
        (tmp_path / folder / "package-lock.json").write_text("{}")
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(run, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(run, "STAMP", tmp_path / ".venv" / "tradepost-set-up.json")
    monkeypatch.setattr(run, "LOG", tmp_path / ".set-up.log")
    monkeypatch.setattr(run, "NODE", tmp_path / "tools" / "node")
    monkeypatch.setattr(run, "WEB", tmp_path / "web")
    return tmp_path


def pretend_set_up(clone: Path, *, with_tools: bool) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    (clone / ".venv" / "bin" / "python").touch()
    for folder in ("tools/node", "web"):
        (clone / folder / "node_modules").mkdir(exist_ok=True)
    run.STAMP.write_text(json.dumps({"key": run.wanted(with_tools), "with_tools": with_tools}))


def stage_one(prelude: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a copy of `run.py` in `folder` after a prelude that spoils something."""
    (folder / "run.py").write_text(RUN.read_text())
    script = f"import runpy, sys; sys.argv[1:] = {arguments!r}; {prelude}\n"
    script += "runpy.run_path('run.py', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )


def test_an_old_python_is_told_which_one_is_needed(tmp_path: Path) -> None:
    ast.parse(RUN.read_text(), feature_version=(3, 8))  # it must get as far as the sentence
    prelude = "sys.version_info, sys.version = (3, 8, 18, 'final', 0), '3.8.18 (main)'"
    answer = stage_one(prelude, folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("Tradepost needs Python 3.11 or newer, this is 3.8.18: start")
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_what_to_install(clone: Path, module: str) -> None:
    answer = stage_one(f"sys.modules[{module!r}] = None", folder=clone)
    assert answer.returncode == 1
    assert "apt install python3-venv" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_help_names_every_command(tmp_path: Path) -> None:
    answer = stage_one("0", "--help", folder=tmp_path)
    assert answer.returncode == 0
    assert all(f"  {name} " in answer.stdout for name in run.COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("start", "--help"), 0, "start: set up and start the exchange"),
        (("check", "-h"), 0, "check: format, lint"),
        (("start", "--port", "1"), 2, "'start' takes no arguments"),
    ],
)
def test_a_command_without_arguments_says_so(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    answer = stage_one("0", *arguments, folder=tmp_path)
    assert answer.returncode == code
    assert said in answer.stdout + answer.stderr
    assert not (tmp_path / ".venv").exists()


def test_an_unknown_command_is_refused_before_anything_is_set_up(tmp_path: Path) -> None:
    answer = stage_one("0", "strat", folder=tmp_path)
    assert answer.returncode == 2
    assert "invalid choice: 'strat'" in answer.stderr
    assert not (tmp_path / ".venv").exists()


def test_pip_uv_and_npm_without_a_registry_are_told_alike(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv = Path(sys.prefix)
    lock = clone / "requirements" / "runtime.txt"
    lock.write_text(f"uv==1.2.3 \\\n    --hash=sha256:{'0' * 64}\n")
    (run.NODE / "package.json").write_text('{"dependencies": {"nobody-has-this": "1.0.0"}}')
    monkeypatch.setattr(run, "PYTHON", Path(sys.executable))
    environment = {
        **run.tool_environment(),
        "PATH": f"{venv / 'bin'}:{os.environ['PATH']}",
        "PIP_INDEX_URL": f"{NOWHERE}/simple",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
        "UV_DEFAULT_INDEX": f"{NOWHERE}/simple",
        "UV_CACHE_DIR": str(clone / "cache"),
        "UV_HTTP_RETRIES": "0",
        "npm_config_registry": NOWHERE,
        "npm_config_fetch_retries": "0",
        "npm_config_cache": str(clone / "npm"),
    }
    with pytest.raises(run.SetUpError, match="The Python package index is out of reach"):
        run.install_uv(lock, environment)
    sync: list[str | Path] = [venv / "bin" / "uv", "pip", "install", "--dry-run", "-r", lock]
    with pytest.raises(run.SetUpError, match="The Python package index is out of reach"):
        run.run(sync, environment)
    with pytest.raises(run.SetUpError, match="The npm registry is out of reach"):
        run.run([venv / "bin" / "npm", "--prefix", run.NODE, "install"], environment)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "its hash differs"),
        ("npm error code EINTEGRITY", "its hash differs"),
        ("something\nerror: it broke\nsee the manual", "failed: error: it broke"),
    ],
)
def test_what_an_installer_says_becomes_one_sentence(
    clone: Path, output: str, sentence: str
) -> None:
    script = f"import sys; sys.exit({output!r})"
    with pytest.raises(run.SetUpError, match=sentence):
        run.run([sys.executable, "-c", script], dict(os.environ))
    assert output in (clone / ".set-up.log").read_text()


@pytest.mark.parametrize("megabytes", [1, 20])
def test_a_full_disk_is_told_wherever_the_set_up_meets_it(tmp_path: Path, megabytes: int) -> None:
    inside = (
        f'mount -t tmpfs -o size={megabytes}m tmpfs "{tmp_path}" && cd "{tmp_path}" && '
        f'cp -r "{RUN}" "{RUN.with_name("requirements")}" . && exec {sys.executable} run.py'
    )
    answer = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr.strip().splitlines()[-1] == run.DISK_FULL
    assert "Traceback" not in answer.stderr


def test_a_stamp_of_other_locks_does_not_count(clone: Path) -> None:
    pretend_set_up(clone, with_tools=False)
    assert run.is_set_up(with_tools=False)
    (clone / "requirements" / "runtime.txt").write_text("new==1")
    assert not run.is_set_up(with_tools=False)


def test_an_environment_with_the_tools_serves_a_plain_start(clone: Path) -> None:
    pretend_set_up(clone, with_tools=True)
    assert run.is_set_up(with_tools=False)
    pretend_set_up(clone, with_tools=False)
    assert not run.is_set_up(with_tools=True)


@pytest.mark.parametrize("damage", ["no stamp", "half a stamp", "no python"])
def test_an_interrupted_set_up_is_done_again(clone: Path, damage: str) -> None:
    pretend_set_up(clone, with_tools=False)
    if damage == "no stamp":
        run.STAMP.unlink()
    elif damage == "half a stamp":
        run.STAMP.write_text('{"key"')
    else:
        run.PYTHON.unlink()
    assert not run.is_set_up(with_tools=False)


def test_a_half_made_environment_is_made_anew(clone: Path) -> None:
    leftover = clone / ".venv" / "lib" / "half"
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    run.make_venv()
    assert not leftover.exists()
    kept = clone / ".venv" / "kept"
    kept.touch()
    run.make_venv()
    assert kept.exists(), "a whole one is kept"


def test_the_installer_is_pinned_by_all_its_hashes(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(run, "run", lambda command, _: asked.append(command[-1].read_text()))
    run.install_uv(RUN.parent / "requirements" / "runtime.txt", {})
    (entry,) = asked
    assert entry.startswith("uv==")
    assert entry.count("--hash=sha256:") > 5
    assert len(entry.splitlines()) == 1 + entry.count("--hash=sha256:")


def test_a_second_set_up_waits_for_the_first_and_finds_it_done(clone: Path) -> None:
    (clone / "run.py").write_text(RUN.read_text())
    with (clone / ".set-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        script = "import run; run.HAS_CHAIN = False; run.set_up(False); print('went on')"
        second = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=clone,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr is not None
        assert second.stderr.readline() == "Another run is setting up here: waiting for it.\n"
        pretend_set_up(clone, with_tools=False)
    assert second.communicate(timeout=20)[0] == "went on\n"


def test_an_interruption_ends_with_a_sentence(clone: Path) -> None:
    (clone / "run.py").write_text(RUN.read_text())
    with (clone / ".set-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [sys.executable, "run.py"], cwd=clone, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert said == "\nInterrupted; the next start goes on from here.\n"


def test_reset_needs_nothing_installed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "lock").touch()
    environment = {"PATH": "/usr/bin:/bin", "TRADEPOST_DATA_DIR": str(data)}

    def reset(*options: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [getattr(sys, "_base_executable", sys.executable), RUN, "reset", *options],
            input=answer,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )

    assert "Nothing was deleted" in reset(answer="no\n").stderr
    assert data.exists()
    with (data / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "stop it first" in reset("--yes").stderr
    assert reset(answer="yes\n").returncode == 0
    assert wait_until(lambda: not data.exists(), 1)
    assert "nothing to delete" in reset("--yes").stderr

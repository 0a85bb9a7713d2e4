"""Looks for faults in the contracts with tools that know many: slither reads, halmos proves.

    python -m contracts.analyse slither
    python -m contracts.analyse halmos

Both stand in an environment of their own, `.venv-proofs`, which the first run makes from the
hash-pinned lock `requirements/proofs.txt`. They work offline after that.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import run as set_up
from contracts import build

VENV = build.ROOT / ".venv-proofs"
LOCK = build.ROOT / "requirements" / "proofs.txt"
ANSWERS = build.CONTRACTS / "slither.toml"
PROOFS = "contracts/out/proofs"

# Bounds of the proofs. A property that is not decided in this time fails the check. Loops are
# unrolled twice, and one that would go on fails it too; the contract has none.
SOLVER_S = 60
ALL_PROOFS_S = 900
# What has to have a counterexample: see Reach.t.sol.
REACH = "check_reach_"
# Named whole, so that halmos looks for no solver, and downloads none.
SOLVER = "yices-smt2 --smt2-model-format --bvconst-in-decimal"

PLACE = re.compile(r" \(contracts/[^)]*#[^)]*\)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one of the tools.

    Returns:
        The exit code: 0, or 1 after what was found.
    """
    parser = argparse.ArgumentParser(
        prog="analyse", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("tool", choices=["slither", "halmos"])
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="for halmos: its own arguments")
    parsed = parser.parse_args(arguments)
    try:
        ensure_tools()
        faults = slither() if parsed.tool == "slither" else halmos(build.ROOT, parsed.rest)
    except (build.BuildError, set_up.SetUpError) as error:
        faults = [str(error)]
    print(*faults, sep="\n", file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


# --- the tools --------------------------------------------------------------------------------


def ensure_tools() -> None:
    """Makes the tools' environment, unless it is what the lock says.

    Raises:
        SetUpError: The packages cannot be had, or are not those of the lock.
    """
    set_up.set_up_apart(VENV, LOCK, "tools of the proofs")


def environment() -> dict[str, str]:
    """The environment of the tools: they find node, forge and the solver, and no home."""
    base = build.environment()
    path = os.pathsep.join([str(VENV / "bin"), str(build.forge_program().parent), base["PATH"]])
    return {**base, "PATH": path, "HOME": str(VENV), "VIRTUAL_ENV": str(VENV)}


# --- slither ----------------------------------------------------------------------------------


def slither() -> list[str]:
    """Runs slither on the built contracts; holds what it finds against the answers.

    Returns:
        What it found that is not answered, and the answers to what it does not find any more.
    """
    found = {(one["check"], finding(one["description"])) for one in findings()}
    answers = tomllib.loads(ANSWERS.read_text())["answer"]
    answered = {(one["detector"], one["finding"]) for one in answers}
    if not found ^ answered:
        print(f"slither has {len(found)} findings, and each has its answer.")
        return []
    new = [
        f"New, to be mended or answered in {ANSWERS.relative_to(build.ROOT)}:\n\n"
        f"[[answer]]\ndetector = {json.dumps(detector)}\nfinding = {json.dumps(text)}\nwhy = ''\n"
        for detector, text in sorted(found - answered)
    ]
    stale = [f"Answered, but not found: {one}: {text}" for one, text in sorted(answered - found)]
    return new + stale


def findings() -> list[dict[str, Any]]:
    """What slither says of the contracts of build.py, tools of others left out.

    Raises:
        BuildError: It broke.
    """
    # Names that are files, since slither shows the lines it means.
    prefix = "tools/node/node_modules/"
    sources = {
        (prefix if name.startswith("@") else "") + name: {"content": text}
        for name, text in build.collect().items()
    }
    request = {
        "language": "Solidity",
        "sources": sources,
        "settings": {
            **build.SETTINGS,
            "remappings": [f"@openzeppelin/={prefix}@openzeppelin/"],
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        given, said = Path(folder) / "request.json", Path(folder) / "said.json"
        given.write_text(json.dumps(request))
        command: list[str | Path] = [
            VENV / "bin" / "slither",
            given,
            "--compile-force-framework=Solc-json",
            f"--solc={build.COMPILER}",
            "--solc-disable-warnings",
            f"--filter-paths={prefix}",
            f"--json={said}",
        ]
        done = subprocess.run(
            command,
            cwd=build.ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        answer: dict[str, Any] = json.loads(said.read_text()) if said.exists() else {}
    if not answer.get("success"):
        raise build.BuildError(f"slither broke:\n{done.stdout}{done.stderr}")
    return list(answer["results"].get("detectors", []))


def finding(description: str) -> str:
    """What a finding says, on one line and without the numbers of lines, which change too often."""
    return " ".join(PLACE.sub("", description).split())


# --- halmos -----------------------------------------------------------------------------------


def halmos(root: Path, arguments: Sequence[str] = ()) -> list[str]:
    """Proves the properties of `contracts/proofs`, on the code as it is deployed.

    Args:
        root: Where the contracts are: this clone, or a copy with a fault in it.
        arguments: For halmos, such as `--match-contract Shares`.

    Returns:
        What is not proved.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said.json"
        command: list[str | Path] = [
            VENV / "bin" / "halmos",
            f"--root={root}",
            f"--forge-build-out={PROOFS}",
            f"--solver-command={SOLVER}",
            f"--solver-timeout-assertion={SOLVER_S}s",
            "--no-status",
            f"--json-output={said}",
            *arguments,
        ]
        try:
            done = subprocess.run(
                command,
                cwd=root,
                env=environment() | _forge_settings(root),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=ALL_PROOFS_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return [f"The proofs took more than {ALL_PROOFS_S} s."]
        if not said.exists():
            return [f"halmos broke:\n{done.stdout}"]
        results = json.loads(said.read_text())["test_results"].values()
    every = [one for contract in results for one in contract]
    reached = [one for one in every if one["name"].startswith(REACH)]
    proofs = [one for one in every if one not in reached]
    faults = [
        *(f"Not proved: {one['name']}" for one in proofs if one["exitcode"] != 0),
        *(f"Not possible: {one['name']}" for one in reached if one["exitcode"] != 1),
        *(f"Only to a bound: {one['name']}" for one in every if one["num_bounded_loops"]),
    ]
    if faults or not every:
        return [done.stdout, *faults]
    print(f"halmos proves {len(proofs)} properties, and gets to {len(reached)} ends.")
    return []


def _forge_settings(root: Path) -> dict[str, str]:
    return {
        "FOUNDRY_CONFIG": str(root / "contracts" / "foundry.toml"),
        "FOUNDRY_OFFLINE": "true",
        "FOUNDRY_PROFILE": "proofs",
    }


if __name__ == "__main__":
    sys.exit(main())

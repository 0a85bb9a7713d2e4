#!/usr/bin/env python3
"""Builds the contracts into the committed artefacts of `src/tradepost_contracts/artifacts`.

`build.py` writes them; `build.py --check` builds again and compares, so that nobody has to trust
the bytes in the repository; `build.py test [arguments of forge]` runs the Solidity tests;
`build.py format` formats the sources. It works offline, with the tools of `tools/node`, which
`run.py` installs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
PACKAGES = ROOT / "tools" / "node" / "node_modules"
COMPILER = CONTRACTS / "solc.js"
ARTIFACTS = ROOT / "src" / "tradepost_contracts" / "artifacts"

SET_UP = "run 'python3 run.py check', which installs the tools."

BUILT = {
    "TradepostEscrow": "contracts/src/TradepostEscrow.sol",
    "ArbitrationPanel": "contracts/src/arbitration/ArbitrationPanel.sol",
    "Erc792Arbitrator": "contracts/src/arbitration/Erc792Arbitrator.sol",
    "DevToken": "contracts/src/dev/DevToken.sol",
}

# It stands for other people's tokens, which have immutables too; nobody compares its code.
VARIES = {"DevToken"}

FORMATTED = ("contracts/src", "contracts/test", "contracts/proofs")

# The same as those of the proofs in foundry.toml, which a test compares. No metadata is appended to
# the code: it would hold a hash of every comment, and the code would change with each of them.
SETTINGS: dict[str, Any] = {
    "optimizer": {"enabled": True, "runs": 1_000_000},
    "viaIR": True,
    "evmVersion": "cancun",
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
}

# 2394 warns of transient storage that outlives a call: the guard against re-entrance, its only
# user, clears it at the end of each.
EXPECTED_WARNINGS = {"2394"}

IMPORT = re.compile(r'^import\s+(?:\{[^}]*\}\s+from\s+)?"([^"]+)"\s*;', re.MULTILINE)


class BuildError(Exception):
    """The contracts cannot be built; the message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: Those of the command line, without the program's name.

    Returns:
        The exit code: 0, or 1 after one plain sentence on the standard error.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if arguments[:1] == ["test"]:
            return forge(["test", *arguments[1:]])
        if arguments == ["format"]:
            return forge(["fmt", *FORMATTED])
        parser = argparse.ArgumentParser(
            prog="build.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
        )
        parser.add_argument("--check", action="store_true", help="compare instead of writing")
        return check() if parser.parse_args(arguments).check else write()
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1


def write() -> int:
    """Builds, and writes the artefacts that have changed."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for name, text in build().items():
        path = ARTIFACTS / f"{name}.json"
        changed = not path.exists() or path.read_text() != text
        if changed:
            path.write_text(text)
        print(f"{path.relative_to(ROOT)}: {'written' if changed else 'unchanged'}")
    return 0


def check() -> int:
    """Builds, and compares with the committed artefacts; looks at the sources' format too.

    Raises:
        BuildError: An artefact is missing or differs, or a source is not formatted.
    """
    for name, text in build().items():
        path = ARTIFACTS / f"{name}.json"
        if not path.exists() or path.read_text() != text:
            raise BuildError(
                f"{path.relative_to(ROOT)} is not what the contracts build to: "
                f"run 'python contracts/build.py' and commit what it writes."
            )
    if forge(["fmt", "--check", *FORMATTED]):
        raise BuildError(
            "The contracts are not formatted: run 'python contracts/build.py format' and commit."
        )
    print(f"{len(BUILT)} contract artefacts are what the sources build to.")
    return 0


def build() -> dict[str, str]:
    """Compiles the contracts.

    Returns:
        For each contract the text of its artefact: JSON, the same on every machine.

    Raises:
        BuildError: A tool is missing, or the compiler refuses.
    """
    sources = {name: {"content": text} for name, text in sorted(collect().items())}
    wanted = ["abi", "evm.bytecode.object", "evm.deployedBytecode"]
    request = {
        "language": "Solidity",
        "sources": sources,
        "settings": {
            **SETTINGS,
            "outputSelection": {path: {name: wanted} for name, path in BUILT.items()},
        },
    }
    answer = json.loads(compiler(["--standard-json"], json.dumps(request)))
    problems = [
        entry["formattedMessage"]
        for entry in answer.get("errors", [])
        if entry["errorCode"] not in EXPECTED_WARNINGS
    ]
    if problems:
        raise BuildError("The compiler is not content:\n" + "\n".join(problems))
    version = compiler(["--version"]).rsplit("Version: ", 1)[1].strip()
    return {
        name: artifact(name, answer["contracts"][path][name], version)
        for name, path in BUILT.items()
    }


def artifact(name: str, output: dict[str, Any], version: str) -> str:
    """Gives the text of one artefact.

    Raises:
        BuildError: The code depends on where it is deployed, so it could not be checked by
            comparing bytes.
    """
    evm = output["evm"]
    runtime = evm["deployedBytecode"]
    if name not in VARIES and (runtime["immutableReferences"] or runtime["linkReferences"]):
        raise BuildError(f"{name} has immutables or linked libraries: its code must not vary.")
    content = {
        "contractName": name,
        "compiler": version,
        "settings": SETTINGS,
        "abi": output["abi"],
        "bytecode": "0x" + evm["bytecode"]["object"],
        "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
    }
    return json.dumps(content, indent=1) + "\n"


def collect(names: Sequence[str] = tuple(BUILT.values())) -> dict[str, str]:
    """Reads sources, those of the built contracts if none are named, and all that they import.

    Returns:
        Their texts by their names: paths from the root of the repository, or of the package.

    Raises:
        BuildError: An imported file is missing.
    """
    texts: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in texts:
            continue
        path = (PACKAGES if name.startswith("@") else ROOT) / name
        try:
            texts[name] = path.read_text()
        except FileNotFoundError as error:
            raise BuildError(f"{name} is missing: {SET_UP}") from error
        for target in IMPORT.findall(texts[name]):
            relative = target.startswith(".")
            waiting.append(os.path.normpath(Path(name).parent / target) if relative else target)
    return texts


def environment() -> dict[str, str]:
    """Gives the environment of the tools: node is taken from the Python environment first.

    Raises:
        BuildError: There is no node.
    """
    path = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    if shutil.which("node", path=path) is None:
        raise BuildError(f"There is no node to run the compiler with: {SET_UP}")
    return {**os.environ, "PATH": path}


def compiler(arguments: Sequence[str], request: str = "") -> str:
    """Runs the Solidity compiler and gives what it says.

    Raises:
        BuildError: It is not installed, or it broke.
    """
    if not (PACKAGES / "solc").is_dir():
        raise BuildError(f"The Solidity compiler is not installed: {SET_UP}")
    done = subprocess.run(
        ["node", str(COMPILER), *arguments],
        input=request,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(f"The Solidity compiler broke:\n{done.stderr}")
    return done.stdout


def forge_program() -> Path:
    """Where forge is.

    Raises:
        BuildError: It is not installed.
    """
    program = PACKAGES / "@foundry-rs" / "forge-linux-amd64" / "bin" / "forge"
    if not program.exists():
        raise BuildError(f"forge is not installed: {SET_UP}")
    return program


def forge(arguments: Sequence[str]) -> int:
    """Runs forge, offline, on the contracts; gives its exit code.

    Raises:
        BuildError: It is not installed.
    """
    command = [str(forge_program()), *arguments, "--root", str(ROOT)]
    settings = {"FOUNDRY_CONFIG": str(CONTRACTS / "foundry.toml"), "FOUNDRY_OFFLINE": "true"}
    return subprocess.run(command, env=environment() | settings, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

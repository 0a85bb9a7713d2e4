"""Puts faults into the contracts, one at a time, and looks whether the tests find each of them.

    python -m contracts.mutate                      all mutants
    python -m contracts.mutate --sample 40 --seed 7 --minutes 10
    python -m contracts.mutate --match Payouts      those whose name has the pattern in it
    python -m contracts.mutate --jury forge         one jury alone, to learn what it is worth
    python -m contracts.mutate --list               what there is, without running

Each mutant stands before the juries in turn, until one finds it: the machine of
`tests/escrow_machine`, then forge's tests of the escrow; halmos where it is asked for. A mutant
that survives has to stand in `contracts/mutants.toml` with the reason. What is there and does not
survive any more, or is no mutant any more, is told too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from contracts import analyse, build
from tests.escrow_machine import chain, driver

SURVIVORS = build.CONTRACTS / "mutants.toml"
#: What holds the rules. The interface and the structs have none.
FILES = (
    "TradepostEscrow.sol",
    "Accounts.sol",
    "Lanes.sol",
    "Signatures.sol",
    "Payouts.sol",
    "Batch.sol",
    "Words.sol",
    "TypedData.sol",
)

ESCROW = "contracts/src/TradepostEscrow.sol"
STEPS = 6_000
JURY_S = 600
FORGE = {
    "FOUNDRY_OFFLINE": "true",
    "FOUNDRY_FUZZ_RUNS": "32",
    "FOUNDRY_INVARIANT_RUNS": "4",
    "FOUNDRY_INVARIANT_DEPTH": "48",
}

# Each pair of words is swapped for the other, or the first for the second.
SWAPS = (
    ("terms.seller", "terms.buyer"),
    ("terms.buyer", "terms.seller"),
    ("terms.arbitrator", "terms.buyer"),
    ("terms.feeRecipient", "terms.seller"),
    ("terms.amount", "terms.fee"),
    ("terms.fee", "terms.amount"),
    ("terms.paymentWindow", "terms.challengeWindow"),
    ("terms.challengeWindow", "terms.paymentWindow"),
    ("Role.Seller", "Role.Buyer"),
    ("Role.Arbitrator", "Role.Buyer"),
    ("words.seller", "words.buyer"),
    ("words.buyer", "words.seller"),
    ("words.arbitrator", "words.buyer"),
    ("words.amount", "words.fee"),
    ("words.fundBy", "words.paymentWindow"),
    ("terms.fundBy", "block.timestamp"),
    ("signatureA", "signatureB"),
    ("Status.None", "Status.Locked"),
    ("Status.Locked", "Status.Paid"),
    ("Status.CancelRequested", "Status.Locked"),
    ("Status.Paid", "Status.CancelRequested"),
    ("Status.Released", "Status.Refunded"),
    ("Status.Refunded", "Status.Released"),
    ("Status.Split", "Status.Released"),
    ("TypedData.RELEASE", "TypedData.REFUND"),
    ("TypedData.REFUND", "TypedData.RELEASE"),
    ("TypedData.PAID", "TypedData.REFUND"),
    ("TypedData.CANCEL", "TypedData.RELEASE"),
    ("TypedData.LOCK", "TypedData.LOCK_FROM_DEPOSIT"),
    ("TypedData.LOCK_FROM_DEPOSIT", "TypedData.LOCK"),
    ("Lanes.FROM_DEPOSIT", "0"),
    ("msg.sender", "to"),
    ("STATUS_MASK", "0xff"),
    ("TIME_SHIFT", "ID_SHIFT"),
    ("ID_SHIFT", "TIME_SHIFT"),
    ("validBefore", "0"),
    ("to", "account"),
    ("account", "to"),
    ("before", "0"),
    ("block.chainid", "1"),
    ("address(this)", "msg.sender"),
    (" days", " hours"),
    (" minutes", " seconds"),
)
OPERATORS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("comparison", r"(?<=\s)>(?=\s)", (">=", "<")),
    ("comparison", r"(?<=\s)<(?=\s)", ("<=", ">")),
    ("comparison", r"(?<=\s)>=(?=\s)", (">",)),
    ("comparison", r"(?<=\s)<=(?=\s)", ("<",)),
    ("comparison", r"==", ("!=",)),
    ("comparison", r"!=", ("==",)),
    ("arithmetic", r"(?<=\s)\+(?=\s)", ("-",)),
    ("arithmetic", r"(?<=\s)-(?=\s)", ("+",)),
    ("arithmetic", r"(?<=\s)\*(?=\s)", ("/",)),
    ("arithmetic", r"(?<=\s)/(?=\s)", ("*",)),
    ("arithmetic", r"\+=", ("-=", "=")),
    ("bits", r"(?<=\s)\|(?=\s)", ("&",)),
    ("bits", r"(?<=\s)&(?=\s)", ("|",)),
    ("bits", r"<<", (">>",)),
    ("bits", r">>", ("<<",)),
    ("bits", r"~", ("",)),
    ("logic", r"&&", ("||",)),
    ("logic", r"\|\|", ("&&",)),
    ("logic", r"!(?=[a-zA-Z(])", ("",)),
    ("assembly", r"\band\(", ("or(",)),
    ("assembly", r"\b(?:gt|lt)\(", ("eq(",)),
    ("assembly", r"\beq\(", ("gt(",)),
    ("number", r"(?<=[ (,])(?:0x[0-9a-f]+|[1-9][0-9_]*)(?=[ ),;])", ("0",)),
    ("value", r"\btrue\b", ("false",)),
    ("guard", r"\bnonReentrant\b", ("",)),
)
# Whole statements that are left out.
STATEMENT = re.compile(
    r"^ *((?:emit |revert |_[a-z]\w*\(|lane\.word|accounts\[|held\.balance|IERC20(?:Permit)?\("
    r"|mstore\(|calldatacopy\()"
    r"[^;{}]*;?"
    r"|if \([^;{}]*\) (?:revert|return)\b[^;]*;)",
    re.MULTILINE,
)
CONDITION = re.compile(r"\bif (\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))")
HIDDEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"[^\"\n]*\"|^(?:import|pragma|using|error|event)\b[^;]*;|^ *error [^;]*;",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: in a file, the text from `at` on is replaced."""

    file: str
    operator: str
    at: int
    old: str
    new: str
    #: The line it is in, and how many equal lines stand before it: a name that outlasts changes.
    line: str
    nth: int

    @property
    def name(self) -> str:
        """What the list of survivors calls it."""
        again = f" ({self.nth + 1})" if self.nth else ""
        new = self.new or "nothing"
        return f"{self.file}: {self.line}{again}: {_short(self.old)} -> {new}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which jury found the mutant: empty where none did, `compiler` where it is no program."""

    mutant: Mutant
    jury: str
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the mutants that are asked for; gives 1 where a survivor is not explained."""
    parser = argparse.ArgumentParser(
        prog="mutate", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sample", type=int, help="so many of them")
    parser.add_argument("--seed", type=int, default=0, help="which sample")
    parser.add_argument("--match", default="", help="those whose name has this pattern in it")
    parser.add_argument("--minutes", type=float, default=60, help="start none after this time")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--jury", action="append", choices=list(JURIES))
    parser.add_argument("--list", action="store_true")
    parsed = parser.parse_args(arguments)
    everyone = list(mutants())
    chosen = [mutant for mutant in everyone if re.search(parsed.match, mutant.name)]
    # In a random order, so that a run that is cut short has seen some of everything.
    random.Random(parsed.seed).shuffle(chosen)  # noqa: S311 - to be repeated, not secret
    chosen = chosen[: parsed.sample]
    if parsed.list:
        print(*sorted(mutant.name for mutant in chosen), f"{len(chosen)} mutants", sep="\n")
        return 0
    juries = parsed.jury or ["machine", "forge"]
    if "halmos" in juries:
        analyse.ensure_tools()
    verdicts = list(judge(chosen, juries, parsed.jobs, time.monotonic() + 60 * parsed.minutes))
    return report(verdicts, {mutant.name for mutant in everyone}, len(chosen))


# --- the mutants ------------------------------------------------------------------------------


def mutants() -> Iterator[Mutant]:
    """All of them, in the order of the sources."""
    for file in FILES:
        text = (build.CONTRACTS / "src" / file).read_text()
        shown = HIDDEN.sub(lambda match: " " * len(match[0]), text)
        seen: Counter[tuple[str, str, str]] = Counter()
        for operator, at, end, new in sorted(_faults(shown), key=lambda fault: fault[1:]):
            old = text[at:end]
            start = text.rfind("\n", 0, at) + 1
            line = " ".join(text[start : text.find("\n", at)].split())
            nth = seen[line, old, new]
            seen[line, old, new] += 1
            yield Mutant(file, operator, at, old, new, line, nth)


def _faults(text: str) -> Iterator[tuple[str, int, int, str]]:
    for operator, pattern, news in OPERATORS:
        for match in re.finditer(pattern, text):
            yield from ((operator, match.start(), match.end(), new) for new in news)
    for old, new in SWAPS:
        for match in re.finditer(rf"(?<![\w.]){re.escape(old)}\b", text):
            yield "swap", match.start(), match.end(), new
    for match in STATEMENT.finditer(text):
        yield "statement", match.start(1), match.end(1), ""
    for match in CONDITION.finditer(text):
        yield from (("condition", *match.span(1), new) for new in ("(true)", "(false)"))


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:57] + "..."


# --- the juries -------------------------------------------------------------------------------


def judge(
    chosen: Sequence[Mutant], juries: Sequence[str], jobs: int, until: float
) -> Iterator[Verdict]:
    """Brings mutants before the juries, some at a time, each in a process of its own.

    Raises:
        BuildError: A jury finds fault with the contracts as they are.
    """
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), tuple(juries), until)
        bench.prepare()
        with get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
            for verdict in pool.imap(bench.judge, chosen):
                if verdict is not None:
                    found = verdict.jury or "SURVIVES"
                    print(f"{verdict.seconds:5.0f} s  {found:9} {verdict.mutant.name}", flush=True)
                    yield verdict


@dataclass(frozen=True, slots=True)
class Bench:
    """Where mutants are judged; `until` is when none is begun any more (monotonic, s)."""

    folder: Path
    juries: tuple[str, ...]
    until: float

    def prepare(self) -> None:
        """Has each jury look at the contracts as they are, and keeps what it needs for more."""
        # Also the machine's own contracts, which it compiles once.
        driver.play("prepare", 1, shrink_s=0)
        sound = Mutant(FILES[0], "", 0, "", "", "", 0)
        if "forge" in self.juries:
            _forge(copy(self.folder / "base"), "build")
        for jury in self.juries:
            if not JURIES[jury](self.folder, sound):
                raise build.BuildError(f"{jury} is not content with the contracts as they are.")

    def judge(self, mutant: Mutant) -> Verdict | None:
        """The verdict on one mutant, or None after `until`."""
        began = time.monotonic()
        if began > self.until:
            return None
        try:
            found = next(
                (jury for jury in self.juries if not JURIES[jury](self.folder, mutant)), ""
            )
        except NoProgram:
            found = "compiler"
        return Verdict(mutant, found, time.monotonic() - began)


class NoProgram(Exception):
    """The compiler refuses the mutant."""


def sources(mutant: Mutant) -> dict[str, str]:
    """The texts of the escrow and all that it imports, with the fault in them."""
    texts = build.collect([ESCROW])
    name = f"contracts/src/{mutant.file}"
    text = texts[name]
    texts[name] = text[: mutant.at] + mutant.new + text[mutant.at + len(mutant.old) :]
    return texts


def compiled(mutant: Mutant) -> str:
    """The artefact of the escrow with the fault in it, as far as the juries need one.

    Raises:
        NoProgram: As its docstring says.
    """
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources(mutant).items()},
        "settings": {
            **build.SETTINGS,
            # Half the time of the pipeline that is deployed; the fault is the same.
            "viaIR": False,
            "outputSelection": {ESCROW: {"TradepostEscrow": ["abi", "evm.bytecode.object"]}},
        },
    }
    answer = json.loads(build.compiler(["--standard-json"], json.dumps(request)))
    if any(entry["severity"] == "error" for entry in answer.get("errors", ())):
        raise NoProgram
    output = answer["contracts"][ESCROW]["TradepostEscrow"]
    return json.dumps(
        {"abi": output["abi"], "bytecode": "0x" + output["evm"]["bytecode"]["object"]}
    )


def machine(folder: Path, mutant: Mutant) -> bool:
    """Whether the contract does what the model does.

    Raises:
        NoProgram: As its docstring says.
    """
    artifact = folder / f"{os.getpid()}.json"
    artifact.write_text(compiled(mutant))
    os.environ[chain.ARTIFACT] = str(artifact)
    try:
        driver.play("mutants", STEPS, shrink_s=0)
    # Whatever it breaks on: it was found.
    except Exception:  # noqa: BLE001
        return False
    finally:
        del os.environ[chain.ARTIFACT]
    return True


def forge(folder: Path, mutant: Mutant) -> bool:
    """Whether forge's tests of the escrow pass.

    Raises:
        NoProgram: As its docstring says.
    """
    root = folder / f"forge-{os.getpid()}"
    shutil.copytree(folder / "base", root, symlinks=True)
    try:
        (root / "contracts" / "src" / mutant.file).write_text(
            sources(mutant)[f"contracts/src/{mutant.file}"]
        )
        # The tests deploy the artefact, and hold some of the libraries themselves.
        artifact = root / build.ARTIFACTS.relative_to(build.ROOT) / "TradepostEscrow.json"
        artifact.write_text(compiled(mutant))
        return _forge(root, "test", "--fail-fast").returncode == 0
    finally:
        shutil.rmtree(root)


def halmos(folder: Path, mutant: Mutant) -> bool:
    """Whether the properties are proved."""
    root = folder / f"halmos-{os.getpid()}"
    copy(root)
    try:
        (root / "contracts" / "src" / mutant.file).write_text(
            sources(mutant)[f"contracts/src/{mutant.file}"]
        )
        return not analyse.halmos(root)
    finally:
        shutil.rmtree(root)


#: The cheapest first.
JURIES: dict[str, Callable[[Path, Mutant], bool]] = {
    "machine": machine,
    "forge": forge,
    "halmos": halmos,
}


def copy(root: Path) -> Path:
    """Copies what forge and halmos need to a folder of its own, without the arbitrators' tests."""
    for name in ("src", "test", "proofs"):
        shutil.copytree(build.CONTRACTS / name, root / "contracts" / name)
    for path in (root / "contracts" / "test").glob("*.sol"):
        if re.match("Court|Erc792|Panel", path.name):
            path.unlink()
    artifacts = build.ARTIFACTS.relative_to(build.ROOT)
    shutil.copytree(build.ARTIFACTS, root / artifacts)
    for name in ("foundry.toml", "solc.js"):
        shutil.copy2(build.CONTRACTS / name, root / "contracts" / name)
    (root / "tools" / "node").mkdir(parents=True)
    (root / "tools" / "node" / "node_modules").symlink_to(build.PACKAGES.resolve())
    return root


def _forge(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {**FORGE, "FOUNDRY_CONFIG": str(root / "contracts" / "foundry.toml")}
    command = [str(build.forge_program()), *arguments, "--root", str(root)]
    try:
        return subprocess.run(
            command,
            cwd=root,
            env=build.environment() | settings,
            capture_output=True,
            text=True,
            timeout=JURY_S,
            check=False,
        )
    except subprocess.TimeoutExpired:  # a fault that makes the tests endless is found as well
        return subprocess.CompletedProcess(command, 1, "", "it took too long")


# --- the report -------------------------------------------------------------------------------


def report(verdicts: Sequence[Verdict], everyone: set[str], chosen: int) -> int:
    """Tells what was found by whom, and which survivors have no reason yet."""
    counts = Counter(verdict.jury or "nobody" for verdict in verdicts)
    print(f"\n{len(verdicts)} of {chosen} mutants were judged; found by:", dict(counts))
    explained = {entry["mutant"] for entry in tomllib.loads(SURVIVORS.read_text())["survivor"]}
    survived = {verdict.mutant.name for verdict in verdicts if not verdict.jury}
    killed = {verdict.mutant.name for verdict in verdicts if verdict.jury}
    faults = [
        *(f"Survives without a reason: {name}" for name in sorted(survived - explained)),
        *(f"Has a reason, but is found now: {name}" for name in sorted(explained & killed)),
        *(f"Has a reason, but is no mutant now: {name}" for name in sorted(explained - everyone)),
    ]
    print(*faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

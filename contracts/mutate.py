"""Puts faults into the contracts, one at a time, and looks whether the tests find each of them.

    python -m contracts.mutate                      all mutants
    python -m contracts.mutate --sample 40 --seed 7 --minutes 10
    python -m contracts.mutate --match Payouts      those whose name has the pattern in it
    python -m contracts.mutate --jury forge         one jury alone, to learn what it is worth
    python -m contracts.mutate --list               what there is, without running

Each mutant stands before the juries in turn, until one finds it: forge's unit and fuzz tests, then
the machine of `tests/escrow_machine`; halmos where it is asked for. A mutant that survives has to
stand in `contracts/mutants.toml` with the reason. What is there and does not survive any more, or
is no mutant any more, is told too.
"""

from __future__ import annotations

import argparse
import json
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from contracts import analyse, build

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

STEPS = 6_000
JURY_S = 300
FORGE = {
    "FOUNDRY_OFFLINE": "true",
    # Tests then load the contract instead of holding it, so that only it is compiled anew.
    "FOUNDRY_DYNAMIC_TEST_LINKING": "true",
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
    juries = parsed.jury or ["forge", "machine"]
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
    """Brings mutants before the juries, some at a time, each in a copy of the contracts.

    Raises:
        BuildError: A jury finds fault with the contracts as they are.
    """
    with tempfile.TemporaryDirectory() as folder:
        first = copy(Path(folder) / "0")
        if _forge(first, "build", "contracts/src").returncode:
            raise build.BuildError("The contracts as they are do not build.")
        for jury in juries:
            if not JURIES[jury](first):
                raise build.BuildError(f"{jury} is not content with the contracts as they are.")
        free: Queue[Path] = Queue()
        free.put(first)
        for number in range(1, jobs):
            free.put(Path(shutil.copytree(first, Path(folder) / str(number), symlinks=True)))

        def one(mutant: Mutant) -> Verdict | None:
            if time.monotonic() > until:
                return None
            began, root = time.monotonic(), free.get()
            source = root / "contracts" / "src" / mutant.file
            text = source.read_text()
            try:
                end = mutant.at + len(mutant.old)
                source.write_text(text[: mutant.at] + mutant.new + text[end:])
                jury = _found_by(root, juries)
            finally:
                source.write_text(text)
                free.put(root)
            return Verdict(mutant, jury, time.monotonic() - began)

        with ThreadPoolExecutor(jobs) as pool:
            for verdict in pool.map(one, chosen):
                if verdict is not None:
                    found = verdict.jury or "SURVIVES"
                    print(f"{verdict.seconds:5.0f} s  {found:9} {verdict.mutant.name}", flush=True)
                    yield verdict


def copy(root: Path) -> Path:
    """Copies what the juries need to a folder of its own."""
    for name in ("src", "test", "proofs"):
        shutil.copytree(build.CONTRACTS / name, root / "contracts" / name)
    for name in ("foundry.toml", "solc.js"):
        shutil.copy2(build.CONTRACTS / name, root / "contracts" / name)
    (root / "tools" / "node").mkdir(parents=True)
    (root / "tools" / "node" / "node_modules").symlink_to(build.PACKAGES.resolve())
    return root


def _found_by(root: Path, juries: Sequence[str]) -> str:
    if _forge(root, "build", "contracts/src").returncode:
        return "compiler"
    return next((jury for jury in juries if not JURIES[jury](root)), "")


def _forge(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {**FORGE, "FOUNDRY_CONFIG": str(root / "contracts" / "foundry.toml")}
    command = [str(build.forge_program()), *arguments, "--root", str(root)]
    return _run(command, root, settings)


def _run(
    command: Sequence[str], folder: Path, settings: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=build.environment() | settings,
            capture_output=True,
            text=True,
            timeout=JURY_S,
            check=False,
        )
    except subprocess.TimeoutExpired:  # a fault that makes the tests endless is found as well
        return subprocess.CompletedProcess(command, 1, "", "it took too long")


def forge(root: Path) -> bool:
    """Whether forge's tests pass."""
    return _forge(root, "test", "--fail-fast").returncode == 0


def machine(root: Path) -> bool:
    """Whether the contract does what the model does."""
    built = root / "contracts" / "out" / "TradepostEscrow.sol" / "TradepostEscrow.json"
    output = json.loads(built.read_text())
    artifact = root / "artifact.json"
    artifact.write_text(
        json.dumps({"abi": output["abi"], "bytecode": output["bytecode"]["object"]})
    )
    script = f"from tests.escrow_machine import driver; driver.play('mutants', {STEPS}, shrink_s=0)"
    settings = {"ESCROW_ARTIFACT": str(artifact)}
    return _run([sys.executable, "-c", script], build.ROOT, settings).returncode == 0


def halmos(root: Path) -> bool:
    """Whether the properties are proved."""
    return not analyse.halmos(root)


JURIES: dict[str, Callable[[Path], bool]] = {"forge": forge, "machine": machine, "halmos": halmos}


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

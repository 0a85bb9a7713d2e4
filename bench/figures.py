"""What a measurement is made of, and how it is shown."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something was done a second, and how long one took (milliseconds)."""

    name: str
    per_second: float
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, name: str, latencies_s: Sequence[float], seconds: float) -> "Rate":
        """From all latencies of a run that took `seconds`."""
        cuts = statistics.quantiles(latencies_s, n=100)
        return cls(name, len(latencies_s) / seconds, cuts[49] * 1_000, cuts[98] * 1_000)

    @classmethod
    def median(cls, name: str, runs: Sequence["Rate"]) -> "Rate":
        """The middle of several runs, figure by figure."""
        return cls(
            name,
            statistics.median(run.per_second for run in runs),
            statistics.median(run.p50_ms for run in runs),
            statistics.median(run.p99_ms for run in runs),
        )

    def row(self) -> str:
        """A line of a table."""
        return (
            f"{self.name:<44}{self.per_second:>10.0f}/s{self.p50_ms:>10.2f}{self.p99_ms:>10.2f} ms"
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """A rate, and what one request took of the processors (microseconds): web, database."""

    rate: Rate
    web_us: float
    database_us: float

    @classmethod
    def median(cls, name: str, runs: Sequence["Cost"]) -> "Cost":
        """The middle of several runs, figure by figure."""
        return cls(
            Rate.median(name, [run.rate for run in runs]),
            statistics.median(run.web_us for run in runs),
            statistics.median(run.database_us for run in runs),
        )

    def row(self) -> str:
        """A line of a table."""
        return f"{self.rate.row()}{self.web_us:>10.0f}{self.database_us:>10.0f} us"


HEADER = f"{'':<44}{'rate':>12}{'p50':>10}{'p99':>10}"
COST_HEADER = f"{HEADER}{'web':>13}{'database':>10}"

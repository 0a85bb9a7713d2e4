"""Names that lead where a test says."""

from collections.abc import Sequence


class ToldNames:
    """Each name has its answers, one after the other; the last one stays. Others do not exist."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Sequence[str]]] = {}
        self.asked: list[str] = []

    def say(self, host: str, *answers: Sequence[str]) -> None:
        """What comes from now on for `host`."""
        self.answers[host] = list(answers)

    async def addresses(self, host: str) -> Sequence[str]:
        """As `Names`."""
        self.asked.append(host)
        left = self.answers.get(host, [[]])
        return left.pop(0) if len(left) > 1 else left[0]

"""The README's tour by curl works when its blocks are pasted one after the other."""

import os
import re
import subprocess

import pytest

from tradepost.entrypoints.dev.chain import rpc
from tradepost.entrypoints.dev.data import CLONE, Instance

README = (CLONE / "README.md").read_text()
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TAKEN_WEI = 10**17
TOUR_PATIENCE_S = 90


def tour() -> str:
    """All blocks of the tour, as they stand there."""
    section = README.partition("\n## A tour by curl\n")[2].partition("\n## ")[0]
    return "".join(BLOCK.findall(section))


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_tour_gives_the_buyer_the_coins(exchange: Instance) -> None:
    node = exchange.environment["RPC_URL"]
    buyer = re.findall(r"^BUYER=(0x[0-9a-fA-F]{40})$", tour(), re.MULTILINE)[0]
    before = int(rpc(node, "eth_getBalance", buyer, "latest"), 16)
    own = dict(os.environ) | {"TRADEPOST_URL": exchange.url, "RPC_URL": node}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", tour()],
        capture_output=True,
        text=True,
        check=False,
        env=own,
        timeout=TOUR_PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The buyer has 0.1 ETH more." in done.stdout
    assert int(rpc(node, "eth_getBalance", buyer, "latest"), 16) == before + TAKEN_WEI

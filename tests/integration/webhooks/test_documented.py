"""`docs/webhooks.md` says what is so, and its code does what it says."""

import re
from typing import Any

import httpx

from tests.integration.outward.receiver import Receiver
from tests.integration.webhooks.conftest import Owner
from tradepost.entrypoints.dev.data import CLONE
from tradepost.kernel import outbox
from tradepost.outward.model import Fault
from tradepost.webhooks import model
from tradepost_client import AsyncClient

TEXT = (CLONE / "docs" / "webhooks.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def listed(section: str) -> set[str]:
    """The code words in the first column of the tables of one section."""
    text = TEXT.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \| .+ \|$", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def test_every_event_that_accounts_are_told_is_listed() -> None:
    # What tests of other rooms make up is of no account.
    own = {
        event.type()
        for event in outbox.Event.__subclasses__()
        if event.for_accounts and event.__module__.startswith("tradepost.")
    }
    assert listed("What arrives") == own | {model.TEST_TYPE}


def test_faults_and_reasons_are_listed() -> None:
    known = {str(one) for one in (*Fault, *model.DisabledReason)}
    assert listed("When it fails") == known


def test_the_schedule_is_the_table() -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    table: list[int] = []
    rows = re.findall(r"^\| (\d+) to (\d+) \| (.+) \|$", TEXT, re.MULTILINE)
    for first, last, said in rows:
        pauses = [
            int(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", said)
        ]
        count = int(last) - int(first) + 1
        table += pauses if len(pauses) == count else pauses * count
    assert tuple(table) == model.SCHEDULE_S
    assert f"tried {len(model.SCHEDULE_S) + 1} times" in TEXT.replace("\n", " ")


async def test_the_code_of_a_receiver(
    owner: Owner, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    naming, checking, checking_v1a = BLOCKS
    client = AsyncClient(
        "http://127.0.0.1:8000", token=owner.account.token, transport=api._transport
    )
    safe: list[str] = []
    # The text has the synchronous client; these are the same calls, waited for.
    awaited = re.sub(r"client\.", "await client.", naming)
    awaited = awaited.replace("https://shop.example/tradepost", receiver.url)
    body = "".join(f"    {line}\n" for line in awaited.splitlines())
    names: dict[str, Any] = {"client": client, "keep_safe": safe.append}
    exec(f"async def run():\n{body}    return webhook\n", names)  # noqa: S102
    webhook = await names["run"]()
    await owner.settle()
    (got,) = receiver.got
    raw = got.body.encode()

    exec(checking, names)  # noqa: S102
    assert names["receive"](safe[0], got.headers, raw) == got.said
    assert names["receive"](safe[0], got.headers, raw + b" ") is None

    exec(checking_v1a, names)  # noqa: S102
    (key,) = webhook.keys
    assert names["is_signed"](key.public_key, got.headers, raw) is True
    assert names["is_signed"](key.public_key, got.headers, raw + b" ") is False
    old = got.headers | {"webhook-timestamp": "1"}
    assert names["is_signed"](key.public_key, old, raw) is False

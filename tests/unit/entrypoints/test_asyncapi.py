"""The streams' description and page: every example is one that server and client would take."""

import json
import re
from functools import reduce
from operator import or_
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter

from tests import worlds
from tradepost.entrypoints.dev.data import CLONE
from tradepost.entrypoints.http import build
from tradepost.notifications.http import asyncapi
from tradepost.notifications.messages import SERVER_MESSAGES, Closed
from tradepost.notifications.model import MAX_MESSAGE, Closing

MODELS: dict[str, type[BaseModel]] = {
    model.__name__: model for model in (*SERVER_MESSAGES, *asyncapi.CLIENT_MESSAGES)
}
DOCUMENT: dict[str, Any] = json.loads((CLONE / "docs" / "asyncapi.json").read_text())
PAGE = (CLONE / "docs" / "streams.md").read_text()


def test_every_message_is_described_with_examples() -> None:
    assert DOCUMENT["components"]["messages"].keys() == MODELS.keys()
    for name, message in DOCUMENT["components"]["messages"].items():
        for example in message["examples"]:
            MODELS[name].model_validate(example["payload"])


def test_no_client_message_is_too_large() -> None:
    for model in asyncapi.CLIENT_MESSAGES:
        for example in DOCUMENT["components"]["messages"][model.__name__]["examples"]:
            assert len(json.dumps(example["payload"])) < MAX_MESSAGE / 2


def test_the_page_has_every_code() -> None:
    rows = dict(re.findall(r"^\| (\d{4}) \| ([^|]+?) \|", PAGE, re.MULTILINE))
    assert rows == {str(one.code): one.reason for one in Closing}


@pytest.mark.parametrize("sample", re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
def test_the_samples_of_the_page_are_messages(sample: str) -> None:
    models: Any = reduce(or_, (*MODELS.values(), Closed))
    known: TypeAdapter[Any] = TypeAdapter(models)
    for line in sample.strip().splitlines():
        known.validate_json(line)


async def test_it_is_served() -> None:
    transport = httpx.ASGITransport(build(worlds.settings("postgresql://nowhere")))
    async with httpx.AsyncClient(transport=transport, base_url="http://exchange") as client:
        assert (await client.get("/asyncapi.json")).json() == DOCUMENT

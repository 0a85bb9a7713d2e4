"""Each problem has its page, and each page its problem."""

import httpx

from tests import worlds
from tradepost.entrypoints import problems
from tradepost.entrypoints.http import build
from tradepost.kernel.errors import registry

APP = build(worlds.settings("postgresql://nobody@127.0.0.1:9/none"))


def test_each_problem_has_advice_and_none_is_left_over() -> None:
    ours = {kind.slug() for kind in registry() if kind.__module__.startswith("tradepost.")}
    assert set(problems.advice()) == ours
    for name, text in problems.advice().items():
        assert text.endswith("."), name
        assert len(text) > 20, name


def test_what_an_operation_answers_leads_to_a_page() -> None:
    pages = problems.pages(APP.openapi())
    assert "POST /v1/trades" in pages["price-moved"].operations
    told = {
        name
        for methods in APP.openapi()["paths"].values()
        for operation in methods.values()
        for name in problems._examples(operation)
    }
    assert len(told) > 50
    assert told <= set(pages)


async def test_a_problem_links_to_its_page() -> None:
    transport = httpx.ASGITransport(APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        refused = await client.get("/v1/problems/none-such")
        assert refused.status_code == 404
        link, relation = refused.headers["Link"].split("; ")
        assert relation == 'rel="describedby"'
        page = (await client.get(link.strip("<>"))).json()
        assert page["type"] == refused.json()["type"]
        assert page["title"] == refused.json()["title"]
        listed = (await client.get("/v1/problems")).json()["data"]
        assert page in listed
        assert (await client.get("/v1/problems/..")).status_code in {404, 422}

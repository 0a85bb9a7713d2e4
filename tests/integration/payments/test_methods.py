"""Payment methods over HTTP: found, told in a language, and verified by a client."""

import base64
import json
from pathlib import Path

import httpx
import pytest

from tradepost.entrypoints.http import build
from tradepost.kernel.settings import Settings
from tradepost.payments.http.methods import MethodsAnswer
from tradepost_payments.registry import builtin, verified


async def codes(api: httpx.AsyncClient, **query: str) -> list[str]:
    answer = await api.get("/v1/payment-methods", params=query)
    assert answer.status_code == 200, answer.text
    return [method["code"] for method in answer.json()["data"]]


async def test_everybody_sees_all_of_them(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/payment-methods")
    assert MethodsAnswer.model_validate(answer.json()).language == "en"
    assert [method["code"] for method in answer.json()["data"]] == list(builtin().methods)
    assert answer.json()["next_cursor"] is None
    assert answer.json()["registry"]["version"] == builtin().version


async def test_they_are_found_by_currency_country_category_and_words(
    api: httpx.AsyncClient,
) -> None:
    assert await codes(api, currency="BRL", country="BR", category="bank") == [
        "cash_deposit",
        "swift",
        "ted",
    ]
    assert await codes(api, q="m-pesa") == ["m_pesa"]
    assert await codes(api, q="nothing like that") == []
    assert "zelle" not in await codes(api, country="DE")


async def test_a_page_goes_on_after_another(api: httpx.AsyncClient) -> None:
    found: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "120"} | ({} if cursor is None else {"cursor": cursor})
        page = (await api.get("/v1/payment-methods", params=query)).json()
        found += [method["code"] for method in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == list(builtin().methods)


@pytest.mark.parametrize(
    ("query", "accept", "language", "name"),
    [
        ({"language": "de"}, "fr", "de", "SEPA-Überweisung"),
        ({}, "fr-CA, en;q=0.5", "fr", "Virement SEPA"),
        ({}, "nl", "en", "SEPA transfer"),
    ],
)
async def test_they_are_told_in_the_readers_language(
    api: httpx.AsyncClient, query: dict[str, str], accept: str, language: str, name: str
) -> None:
    answer = await api.get(
        "/v1/payment-methods/sepa", params=query, headers={"Accept-Language": accept}
    )
    assert answer.headers["Content-Language"] == language
    assert answer.headers["Vary"] == "Accept-Language, Accept-Encoding"
    assert answer.json()["name"] == name
    assert answer.json()["language"] == language


async def test_one_has_the_form_of_an_account(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/payment-methods/ach", params={"language": "es"})
    fields = {field["name"]: field for field in answer.json()["fields"]}
    assert fields["account_type"]["label"] == "Tipo de cuenta"
    assert fields["account_type"]["options"][1] == {
        "value": "savings",
        "label": "Cuenta de ahorros",
    }
    assert fields["bank_name"]["required"] is False


async def test_who_has_it_already_is_told_so(api: httpx.AsyncClient) -> None:
    for path in ("", "/sepa", "/registry"):
        first = await api.get(f"/v1/payment-methods{path}")
        assert first.headers["Cache-Control"].startswith("public, max-age=")
        again = await api.get(
            f"/v1/payment-methods{path}", headers={"If-None-Match": first.headers["ETag"]}
        )
        assert (again.status_code, again.content) == (304, b"")


async def test_a_language_has_a_tag_of_its_own(api: httpx.AsyncClient) -> None:
    tags = {
        (await api.get("/v1/payment-methods", params={"language": language})).headers["ETag"]
        for language in ("en", "de", "hi")
    }
    assert len(tags) == 3


async def test_a_client_verifies_what_it_is_served(api: httpx.AsyncClient) -> None:
    served = (await api.get("/v1/payment-methods/registry")).json()
    found = verified(
        served["signed"].encode(), served["key_id"], base64.b64decode(served["signature"])
    )
    assert found.methods == builtin().methods


@pytest.mark.parametrize(
    "query",
    [
        {"currency": "euro"},
        {"country": "Germany"},
        {"category": "barter"},
        {"language": "xx"},
        {"q": "x" * 61},
        {"limit": "501"},
        {"limit": "0"},
        {"surprise": "1"},
    ],
)
async def test_a_malformed_question_is_refused(
    api: httpx.AsyncClient, query: dict[str, str]
) -> None:
    answer = await api.get("/v1/payment-methods", params=query)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:tradepost:problem:malformed-request"


@pytest.mark.parametrize(("code", "status"), [("pigeon", 404), ("UPPER", 422), ("x" * 41, 422)])
async def test_a_method_that_is_not_there(api: httpx.AsyncClient, code: str, status: int) -> None:
    assert (await api.get(f"/v1/payment-methods/{code}")).status_code == status


async def test_an_operators_own_is_marked(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    copy = next(
        entry for entry in json.loads(builtin().signed)["methods"] if entry["code"] == "sepa"
    )
    own.write_text(
        json.dumps(
            {
                "methods": [copy | {"code": "house_bank", "name": "House bank", "names": {}}],
                "disabled": ["zelle"],
            }
        )
    )
    app = build(settings.model_copy(update={"payment_methods_own": own}))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/v1/payment-methods/house_bank")
        assert answer.json()["origin"] == "operator"
        assert (await client.get("/v1/payment-methods/zelle")).status_code == 404

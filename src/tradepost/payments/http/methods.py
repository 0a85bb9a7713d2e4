"""The routes of payment methods, for everybody."""

import base64
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tradepost.kernel.cursors import Cursors
from tradepost.kernel.errors import InvalidCursor, NotFound
from tradepost.kernel.http import (
    CountryCode,
    CurrencyCode,
    CursorsOf,
    MethodCode,
    StrictRoute,
    public,
)
from tradepost.kernel.openapi import links, problems, to
from tradepost.payments import service
from tradepost_payments.model import (
    LANGUAGES,
    Category,
    FieldKind,
    PaymentMethod,
    Registry,
    Risk,
)

#: The methods need no database.
router = APIRouter(tags=["payment methods"], route_class=StrictRoute)

#: Methods change with a restart only.
_FRESH_S: Final = 300
_PAGE: Final = 500
Language = Literal["en", "es", "pt", "fr", "de", "tr", "ru", "zh", "hi"]

_SIGNED_BY: dict[str, Any] = {
    "version": 1,
    "key_id": "ed7de3919a5e33c8",
    "signature": base64.b64encode(bytes(range(64))).decode(),
}
_METHOD: dict[str, Any] = {
    "code": "sepa",
    "name": "SEPA transfer",
    "category": "bank",
    "category_name": "Bank transfer",
    "countries": ["AT", "DE"],
    "currencies": ["EUR"],
    "reversible": False,
    "chargeback_risk": "low",
    "duration_s": 86400,
    "payment_window_s": 259200,
    "limit_bps": 5000,
    "fields": [
        {
            "name": "iban",
            "kind": "iban",
            "required": True,
            "label": "IBAN",
            "min_length": 1,
            "max_length": 42,
            "options": [],
        }
    ],
    "origin": "registry",
}


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


class OptionAnswer(BaseModel):
    """One of the values of a choice, with what people read."""

    value: str
    label: str


class FieldAnswer(BaseModel):
    """One entry of a payment account's form."""

    name: str
    kind: FieldKind
    required: bool
    label: str
    min_length: int
    max_length: int
    options: list[OptionAnswer]


class MethodAnswer(BaseModel):
    """A payment method; null `countries` or `currencies` are all of them."""

    model_config = _example(_METHOD)

    code: str
    name: str
    category: Category
    category_name: str
    countries: list[str] | None
    currencies: list[str] | None
    reversible: bool
    chargeback_risk: Risk
    duration_s: int
    payment_window_s: int
    limit_bps: int = Field(description="How much of the largest trade it allows, in 1/10,000.")
    fields: list[FieldAnswer]
    origin: Literal["registry", "operator"]

    @classmethod
    def of(cls, method: PaymentMethod, registry: Registry, language: str) -> Self:
        """The answer for `method`, in `language`."""
        return cls(
            code=method.code,
            name=method.name_in(language),
            category=method.category,
            category_name=registry.label(f"category.{method.category}", language),
            countries=None if method.countries is None else list(method.countries),
            currencies=None if method.currencies is None else list(method.currencies),
            reversible=method.reversible,
            chargeback_risk=method.chargeback_risk,
            duration_s=method.duration_s,
            payment_window_s=method.payment_window_s,
            limit_bps=method.limit_bps,
            fields=[
                FieldAnswer(
                    name=field.name,
                    kind=field.kind,
                    required=field.required,
                    label=registry.label(field.label, language),
                    min_length=field.min_length,
                    max_length=field.max_length,
                    options=[
                        OptionAnswer(
                            value=option, label=registry.label(f"option.{option}", language)
                        )
                        for option in field.options
                    ],
                )
                for field in method.fields
            ],
            origin="operator" if method.origin == "operator" else "registry",
        )


class SignedAnswer(BaseModel):
    """Which registry is in use, and who signed it; not of methods whose origin is `operator`."""

    version: int
    key_id: str
    signature: str = Field(description="Ed25519, in base64.")

    @classmethod
    def of(cls, registry: Registry) -> Self:
        """The answer for `registry`."""
        return cls(
            version=registry.version,
            key_id=registry.key_id,
            signature=base64.b64encode(registry.signature).decode(),
        )


class MethodsAnswer(BaseModel):
    """Payment methods in the order of their codes."""

    model_config = _example(
        {"data": [_METHOD], "next_cursor": None, "language": "en", "registry": _SIGNED_BY}
    )

    data: list[MethodAnswer]
    next_cursor: str | None
    language: Language
    registry: SignedAnswer


class OneMethodAnswer(MethodAnswer):
    """One payment method."""

    model_config = _example(_METHOD | {"language": "en", "registry": _SIGNED_BY})

    language: Language
    registry: SignedAnswer


class RegistryAnswer(SignedAnswer):
    """The registry as it was signed: the signature is of the bytes of `signed` in UTF-8."""

    model_config = _example(_SIGNED_BY | {"signed": '{"format":"tradepost-payment-methods/1"}'})

    signed: str


class MethodsQuery(BaseModel):
    """Which methods are asked for; what is left out leaves the thing open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: CurrencyCode | None = None
    country: CountryCode | None = None
    category: Category | None = None
    language: Language | None = None
    q: Annotated[str, Field(max_length=60, description="Sought in codes and names.")] = ""
    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=_PAGE)] = _PAGE


def _registry(request: Request) -> Registry:
    return service.registry(request.app.state.settings)


_RegistryOf = Annotated[Registry, Depends(_registry)]
_AcceptLanguage = Annotated[str | None, Header(max_length=400)]
_OneCode = Annotated[MethodCode, Path()]


def preferred(accept_language: str | None) -> str:
    """Which of `LANGUAGES` a reader likes best by his `Accept-Language`; English by default."""
    wishes: list[tuple[float, int, str]] = []
    for place, wish in enumerate((accept_language or "").split(",")[:30]):
        match = re.fullmatch(
            r"\s*([a-z]{1,8}|\*)(?:-[a-z0-9-]{1,30})?\s*(?:;\s*q=(0(?:\.\d{1,3})?|1(?:\.0{1,3})?))?\s*",
            wish.lower(),
        )
        if match and match[1] in LANGUAGES and (weight := float(match[2] or 1)) > 0:
            wishes.append((-weight, place, match[1]))
    return min(wishes)[2] if wishes else LANGUAGES[0]


@lru_cache(maxsize=2 * len(LANGUAGES))
def _written(registry: Registry, language: str) -> Mapping[str, str]:
    """Every method as JSON, once: a search then only puts them together."""
    return {
        code: MethodAnswer.of(method, registry, language).model_dump_json()
        for code, method in registry.methods.items()
    }


def page(registry: Registry, cursors: Cursors, query: MethodsQuery, language: str) -> bytes:
    """A page of payment methods, as the JSON of a `MethodsAnswer`; raises `InvalidCursor`."""
    purpose = f"payment methods {query.currency} {query.country} {query.category} {query.q}"
    after = None if query.cursor is None else str(cursors.read(purpose, query.cursor)[0])
    found = [
        method.code
        for method in registry.search(
            currency=query.currency, country=query.country, category=query.category, text=query.q
        )
        if after is None or after < method.code
    ]
    shown = found[: query.limit]
    written = _written(registry, language)
    more = cursors.write(purpose, [shown[-1]]) if len(found) > len(shown) else None
    return (
        f'{{"data":[{",".join(written[code] for code in shown)}],"next_cursor":{json.dumps(more)},'
        f'"language":"{language}","registry":{SignedAnswer.of(registry).model_dump_json()}}}'
    ).encode()


def _told(response: Response, language: str) -> Response:
    response.headers.update({"Content-Language": language, "Vary": "Accept-Language"})
    return response


@router.get(
    "/payment-methods",
    response_model=MethodsAnswer,
    summary="List the payment methods",
    responses=problems(InvalidCursor) | links(200, to("get_payment_method", code="data/0/code")),
)
async def list_payment_methods(
    registry: _RegistryOf,
    cursors: CursorsOf,
    query: Annotated[MethodsQuery, Query()],
    accept_language: _AcceptLanguage = None,
) -> Response:
    """Those that carry a `currency`, are served in a `country`, are of a `category`.

    Texts are in `language`, else in what `Accept-Language` says, else in English.
    """
    language = query.language or preferred(accept_language)
    return _told(public(page(registry, cursors, query, language), _FRESH_S), language)


@router.get(
    "/payment-methods/registry",
    response_model=RegistryAnswer,
    summary="Get the signed registry of payment methods",
    responses=problems(),
)
async def get_payment_registry(registry: _RegistryOf) -> Response:
    """All that was signed, in all languages, so that a client can check it by itself."""
    return public(_signed(registry), _FRESH_S)


@lru_cache(maxsize=8)
def _signed(registry: Registry) -> bytes:
    signed_by = SignedAnswer.of(registry).model_dump()
    return RegistryAnswer(**signed_by, signed=registry.signed.decode()).model_dump_json().encode()


@router.get(
    "/payment-methods/{code}",
    response_model=OneMethodAnswer,
    summary="See a payment method",
    responses=problems(NotFound),
)
async def get_payment_method(
    registry: _RegistryOf,
    code: _OneCode,
    language: Language | None = None,
    accept_language: _AcceptLanguage = None,
) -> Response:
    """One that can be used on this exchange, with the form of a payment account."""
    method = registry.get(code)
    if method is None:
        raise NotFound
    chosen = language or preferred(accept_language)
    answer = OneMethodAnswer(
        **MethodAnswer.of(method, registry, chosen).model_dump(),
        language=chosen,
        registry=SignedAnswer.of(registry),
    )
    body = answer.model_dump_json().encode()
    return _told(public(body, _FRESH_S), chosen)

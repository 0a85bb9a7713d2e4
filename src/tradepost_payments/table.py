"""Writes `docs/payment-methods.md`: every payment method of the built-in registry, and counts.

    python -m tradepost_payments.table [--check]

With `--check` it only compares, and ends with 1 where the page is not up to date.
"""

import sys
from pathlib import Path
from typing import Final

from tradepost_payments.model import (
    LANGUAGES,
    LIMIT_BPS,
    Category,
    PaymentMethod,
    Registry,
    Risk,
)
from tradepost_payments.registry import builtin

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "payment-methods.md"
#: A row with more than these says how many there are.
_LISTED: Final = 8

_HEAD: Final = """\
# Payment methods

Made by `python -m tradepost_payments.table` from `src/tradepost_payments/data/methods.json`; a test
compares. Every method has the fields of a payment account, with rules for each, and its name and
labels in {languages} languages: `GET /v1/payment-methods` tells them.

Version {version} of the registry has **{methods} methods** in **{countries} countries** and
**{currencies} currencies** that at least one of them names; {anywhere} are bound to no country.

| Category | Methods | Countries | Currencies |
|---|---|---|---|
{categories}

## What the risk means

| Chargeback risk | Money that has arrived | Of the operator's largest trade |
|---|---|---|
{risks}

`reversible` is true where the risk is medium or high.

## Your own

`TRADEPOST_PAYMENT_METHODS_OWN` names a JSON file with methods of your own, in the form of the
registry's entries, and codes to switch off:

<!-- sample: TRADEPOST_PAYMENT_METHODS_OWN -->
```json
{{
  "labels": {{"field.counter": {{"en": "Counter", "es": "…", "pt": "…", "fr": "…", "de": "…",
                            "tr": "…", "ru": "…", "zh": "…", "hi": "…"}}}},
  "methods": [
    {{
      "code": "market_hall", "name": "Market hall", "category": "cash_in_person",
      "countries": ["DE"], "currencies": ["EUR"], "reversible": false, "chargeback_risk": "none",
      "duration_s": 3600, "payment_window_s": 86400,
      "fields": [
        {{"name": "counter", "kind": "text", "required": true, "label": "field.counter",
         "max_length": 80}}
      ]
    }}
  ],
  "disabled": ["amazon_gift_card", "western_union"]
}}
```

They are not signed and are marked `"origin": "operator"`. They cannot take the place of a method
of the registry. `TRADEPOST_PAYMENT_METHODS_FILE` names a newer registry, signed by the maintainers,
with its signature beside it. What does not hold stops the start with a sentence.

## All methods

"any" is every country or every currency.

| Code | Name | Category | Countries | Currencies | Risk | Window |
|---|---|---|---|---|---|---|
{rows}
"""
_MEANINGS: Final = {
    Risk.NONE: "nobody can take it back",
    Risk.LOW: "is taken back only after a proven fraud, and seldom",
    Risk.MEDIUM: "is reversed when somebody says that his account was misused",
    Risk.HIGH: "can be had back by the payer himself, for weeks or months",
}


def page(registry: Registry) -> str:
    """The whole page for `registry`."""
    methods = list(registry.methods.values())
    anywhere = [method for method in methods if method.countries is None]
    return _HEAD.format(
        languages=len(LANGUAGES),
        version=registry.version,
        methods=len(methods),
        countries=len(_countries(methods)),
        currencies=len(_currencies(methods)),
        anywhere=len(anywhere),
        categories="\n".join(_category(category, methods) for category in Category),
        risks="\n".join(
            f"| {risk} | {_MEANINGS[risk]} | {LIMIT_BPS[risk] / 100:g} % |" for risk in Risk
        ),
        rows="\n".join(_row(method) for method in methods),
    )


def _countries(methods: list[PaymentMethod]) -> set[str]:
    return {country for method in methods for country in method.countries or ()}


def _currencies(methods: list[PaymentMethod]) -> set[str]:
    return {currency for method in methods for currency in method.currencies or ()}


def _category(category: Category, methods: list[PaymentMethod]) -> str:
    these = [method for method in methods if method.category is category]
    return f"| {category} | {len(these)} | {len(_countries(these))} | {len(_currencies(these))} |"


def _row(method: PaymentMethod) -> str:
    hours = method.payment_window_s / 3600
    window = f"{hours / 24:g} d" if hours >= 48 else f"{hours:g} h"
    return (
        f"| `{method.code}` | {method.name} | {method.category} | {_few(method.countries)}"
        f" | {_few(method.currencies)} | {method.chargeback_risk} | {window} |"
    )


def _few(codes: tuple[str, ...] | None) -> str:
    if codes is None:
        return "any"
    return " ".join(codes) if len(codes) <= _LISTED else f"{len(codes)}"


def main(arguments: list[str]) -> int:
    """Writes or compares the page; the exit code."""
    made = page(builtin())
    if "--check" in arguments:
        if PAGE.is_file() and PAGE.read_text("utf-8") == made:
            return 0
        print(f"{PAGE.name} is not up to date: run `python -m tradepost_payments.table`.")
        return 1
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

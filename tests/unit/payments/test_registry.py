"""The registry of payment methods: what it holds, who signed it, and what is refused."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from schwifty import IBAN

from tests.unit.payments.conftest import Change, Signer
from tradepost_payments import registry as reading
from tradepost_payments import signing, table
from tradepost_payments.fields import check
from tradepost_payments.model import (
    LANGUAGES,
    Category,
    FieldKind,
    MethodsUnfit,
    MethodsUnknown,
    RegistryInvalid,
    Risk,
)
from tradepost_payments.registry import builtin, load, verified

#: What offers name since the first release.
RELEASED = {
    "ach": "USD",
    "cash_in_person": "XPF",
    "faster_payments": "GBP",
    "imps": "INR",
    "interac": "CAD",
    "m_pesa": "KES",
    "payid": "AUD",
    "paypal": "USD",
    "pix": "BRL",
    "revolut": "EUR",
    "sepa": "EUR",
    "sepa_instant": "EUR",
    "spei": "MXN",
    "swift": "JPY",
    "upi": "INR",
    "us_wire": "USD",
    "wise": "EUR",
    "zelle": "USD",
}


def test_the_built_in_registry_spans_the_world() -> None:
    found = builtin()
    countries = {code for method in found.methods.values() for code in method.countries or ()}
    assert len(found.methods) >= 150
    assert len(countries) >= 150
    assert {method.category for method in found.methods.values()} == set(Category)
    assert {method.chargeback_risk for method in found.methods.values()} == set(Risk)


@pytest.mark.parametrize(("code", "currency"), RELEASED.items())
def test_a_released_code_stays(code: str, currency: str) -> None:
    (method,) = builtin().fit([code], currency)
    assert method.code == code


def test_every_text_is_told_in_every_language() -> None:
    found = builtin()
    for key in found.labels:
        for language in LANGUAGES:
            assert found.label(key, language)
    for method in found.methods.values():
        assert set(method.names) in (set(), set(LANGUAGES))


def test_the_riskier_a_method_the_less_it_allows() -> None:
    limits: dict[Risk, set[int]] = {}
    for method in builtin().methods.values():
        limits.setdefault(method.chargeback_risk, set()).add(method.limit_bps)
    assert limits == {
        Risk.NONE: {10_000},
        Risk.LOW: {5_000},
        Risk.MEDIUM: {2_500},
        Risk.HIGH: {1_250},
    }


def test_a_method_with_an_iban_is_served_where_there_are_ibans() -> None:
    for method in builtin().methods.values():
        for field in method.fields:
            if field.kind is FieldKind.IBAN:
                # The same one in each run: nothing is guarded by it.
                same = Random(1)  # noqa: S311
                iban = IBAN.random((method.countries or ("",))[-1], random=same)
                assert check(field, method, str(iban)) == iban


def test_it_is_searched_by_currency_country_category_and_words() -> None:
    found = [
        method.code
        for method in builtin().search(
            currency="EUR", country="DE", category=Category.INSTANT_BANK, text="echtzeit"
        )
    ]
    assert found == ["sepa_instant"]


def test_an_unknown_code_and_an_unfit_currency_are_told_apart() -> None:
    with pytest.raises(MethodsUnknown) as unknown:
        builtin().fit(["sepa", "pigeon"], "EUR")
    assert unknown.value.codes == ("pigeon",)
    with pytest.raises(MethodsUnfit) as unfit:
        builtin().fit(["sepa", "pix"], "EUR")
    assert unfit.value.codes == ("pix",)


def test_a_newer_signed_file_takes_the_place(signer: Signer) -> None:
    def rename(document: dict[str, Any]) -> None:
        document["methods"][0]["name"] = "Something else"

    found = load(signer.write(rename))
    assert found.version == 2
    assert next(iter(found.methods.values())).name == "Something else"


def test_the_layout_of_a_file_does_not_matter(signer: Signer) -> None:
    path = signer.write()
    path.write_text(json.dumps(json.loads(path.read_text()), indent=7, sort_keys=True))
    assert load(path).version == 2


def test_a_served_registry_is_verified() -> None:
    found = builtin()
    again = verified(found.signed, found.key_id, found.signature)
    assert again.methods == found.methods


def test_a_served_registry_that_was_bent_is_refused() -> None:
    found = builtin()
    bent = found.signed.replace(b"259200", b"259201", 1)
    assert bent != found.signed
    with pytest.raises(RegistryInvalid, match="not of this content"):
        verified(bent, found.key_id, found.signature)
    with pytest.raises(RegistryInvalid, match="not of this content"):
        verified(found.signed, found.key_id, bytes(64))
    with pytest.raises(RegistryInvalid, match="not of this content"):
        verified(found.signed, found.key_id, b"short")


def test_a_changed_file_is_refused(signer: Signer) -> None:
    path = signer.write()
    path.write_text(path.read_text().replace("259200", "259201", 1))
    with pytest.raises(RegistryInvalid, match=r"newer\.json: the signature is not of this content"):
        load(path)


def test_a_key_that_nobody_trusts_is_refused(signer: Signer) -> None:
    path = Signer(Ed25519PrivateKey.generate(), signer.folder).write()
    with pytest.raises(RegistryInvalid, match="a key that this version does not trust"):
        load(path)


def test_a_stranger_cannot_sign_under_a_trusted_name(signer: Signer) -> None:
    path = signer.write()
    document = signing.parse(path.read_bytes())
    forged = json.loads(signing.sign(document, Ed25519PrivateKey.generate()))
    forged["key_id"] = builtin().key_id
    path.with_name("newer.json.sig").write_text(json.dumps(forged))
    with pytest.raises(RegistryInvalid, match="not of this content"):
        load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"{}",
        b'{"key_id": "x", "signature": "not base64"}',
        b'{"key_id": "x", "signature": 5}',
        b'{"key_id": "x", "signature": ""}' + b" " * 1000,
    ],
)
def test_what_is_no_signature_file_is_refused(signer: Signer, content: bytes) -> None:
    path = signer.write()
    path.with_name("newer.json.sig").write_bytes(content)
    with pytest.raises(RegistryInvalid, match="the signature file is not one"):
        load(path)


def test_an_older_version_is_refused(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = signing.parse(builtin().signed) | {"version": 5}
    signature = signing.sign(shipped, signer.key)
    monkeypatch.setattr(reading, "_shipped", lambda: (shipped, signature))
    assert load().version == 5
    with pytest.raises(RegistryInvalid, match="version 4 is older than the built-in version 5"):
        load(signer.write(version=4))
    assert load(signer.write(version=6)).version == 6


def test_one_version_says_one_thing(signer: Signer) -> None:
    assert load(signer.write(version=1)).version == 1
    with pytest.raises(RegistryInvalid, match="differs from the built-in version 1"):
        load(signer.write(lambda document: document["methods"].pop(), version=1))


def test_a_file_that_is_not_there_is_told_by_its_name(tmp_path: Path, signer: Signer) -> None:
    with pytest.raises(RegistryInvalid, match=r"missing\.json.*No such file"):
        load(tmp_path / "missing.json")
    path = signer.write()
    path.with_name("newer.json.sig").unlink()
    with pytest.raises(RegistryInvalid, match=r"newer\.json\.sig cannot be read"):
        load(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "EOF while parsing"),
        (b"\xff\xfe", "expected value"),
        (b'{"a": 1, "a": 2}', "a key stands twice"),
        (b'{"a": 1.5}', "no integer"),
        (b'{"a": NaN}', "no integer"),
        (b"[" * 100_000, "recursion limit"),
        (b" " * 2_000_001, "more than 2000000 bytes"),
    ],
)
def test_a_document_that_can_be_read_in_two_ways_is_none(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        signing.parse(content)


def _first(**changes: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["methods"][0].update(changes)

    return change


def _field(**changes: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["methods"][0]["fields"][0].update(changes)

    return change


def _twice(document: dict[str, Any]) -> None:
    document["methods"].insert(0, document["methods"][0])


def _unlabelled(document: dict[str, Any]) -> None:
    del document["labels"]["field.iban"]


def _speechless(document: dict[str, Any]) -> None:
    del document["labels"]["field.iban"]["hi"]


def _uncategorised(document: dict[str, Any]) -> None:
    document["methods"] = [one for one in document["methods"] if one["category"] != "card"]
    del document["labels"]["category.card"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_first(code="UPPER"), "code"),
        (_first(code="a" * 41), "code"),
        (_first(code="aaa", name="two  spaces"), "spaces too many"),
        (_first(name="\u202egnorw"), "not allowed"),
        (_first(names={"en": "Only English"}), "it has to be told in"),
        (_first(category="barter"), "category"),
        (_first(countries=["ZZ"]), "no countries of ISO 3166: ZZ"),
        (_first(countries=["US", "CA"]), "in the order of the alphabet"),
        (_first(countries=[]), "countries"),
        (_first(currencies=["ZZZ"]), "no currencies of ISO 4217: ZZZ"),
        (_first(currencies=["USD", "USD"]), "each stands once"),
        (_first(reversible=True, chargeback_risk="low"), "does not agree"),
        (_first(reversible="yes"), "reversible"),
        (_first(payment_window_s=899), "payment_window_s"),
        (_first(payment_window_s=1_209_601), "payment_window_s"),
        (_first(duration_s=86_401, payment_window_s=86_400), "shorter than a payment takes"),
        (_first(limit_bps=9_999), "limit_bps"),
        (_first(surprise=1), "surprise"),
        (_first(fields=[]), "fields"),
        (_field(name="Name"), "name"),
        (_field(kind="mood"), "kind"),
        (_field(min_length=300, max_length=200), "min_length is above max_length"),
        (_field(max_length=501), "max_length"),
        (_field(options=["a"]), "a choice has options, nothing else has"),
        (_field(label="field.nothing"), "labels are missing: field.nothing"),
        (_twice, "each code stands once"),
        (_unlabelled, "labels are missing: field.iban"),
        (_speechless, "it has to be told in"),
        (_uncategorised, "labels are missing: category.card"),
        (lambda document: document.update(format="other/1"), "format"),
        (lambda document: document.update(methods=[]), "methods"),
    ],
)
def test_a_fault_of_the_data_is_named(signer: Signer, change: Change, reason: str) -> None:
    with pytest.raises(RegistryInvalid, match=reason):
        load(signer.write(change))


@pytest.mark.parametrize("version", [0, -1, "2", None, True, 10**10])
def test_a_version_is_a_number_that_grows(signer: Signer, version: Any) -> None:
    with pytest.raises(RegistryInvalid, match="version"):
        load(signer.write(lambda document: document.update(version=version)))


def test_a_document_that_is_no_object_has_no_version(tmp_path: Path, signer: Signer) -> None:
    path = tmp_path / "list.json"
    path.write_text("[]")
    path.with_name("list.json.sig").write_bytes(signing.sign([], signer.key))
    with pytest.raises(RegistryInvalid, match="it has no version"):
        load(path)


OWN = {
    "code": "market_hall",
    "name": "Market hall",
    "category": "cash_in_person",
    "countries": ["DE"],
    "currencies": ["EUR"],
    "reversible": False,
    "chargeback_risk": "none",
    "duration_s": 3600,
    "payment_window_s": 86400,
    "fields": [
        {
            "name": "counter",
            "kind": "text",
            "required": True,
            "label": "field.counter",
            "max_length": 80,
        }
    ],
}
OWN_LABELS = {"field.counter": dict.fromkeys(LANGUAGES, "Counter")}
OwnFileOf = Callable[[dict[str, Any]], Path]


def test_an_operator_adds_methods_and_switches_others_off(own_file: OwnFileOf) -> None:
    found = load(own=own_file({"labels": OWN_LABELS, "methods": [OWN], "disabled": ["paypal"]}))
    added = found.get("market_hall")
    assert added is not None
    assert added.origin == "operator"
    assert found.get("paypal") is None
    assert found.known("paypal") is not None
    assert found.label("field.counter", "hi") == "Counter"
    sepa = found.get("sepa")
    assert sepa is not None
    assert sepa.origin == "registry"
    assert list(found.methods) == sorted(found.methods)


def test_what_was_signed_is_not_touched_by_the_operators_own(own_file: OwnFileOf) -> None:
    found = load(own=own_file({"labels": OWN_LABELS, "methods": [OWN]}))
    assert found.signed == builtin().signed
    assert b"market_hall" not in found.signed


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"methods": [OWN | {"code": "sepa"}], "labels": OWN_LABELS}, "has these codes: sepa"),
        ({"methods": [OWN | {"code": "registry"}], "labels": OWN_LABELS}, "no code can be"),
        ({"methods": [OWN]}, "labels are missing: field.counter"),
        ({"labels": {"field.iban": OWN_LABELS["field.counter"]}}, "has these labels: field.iban"),
        ({"disabled": ["pigeon"]}, "disabled names no methods: pigeon"),
        ({"disabled": ["zelle", "ach"]}, "in the order of the alphabet"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_fault_of_the_operators_own_is_named(
    own_file: OwnFileOf, content: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RegistryInvalid, match=reason) as refused:
        load(own=own_file(content))
    assert "own.json: " in str(refused.value)


def test_the_example_for_operators_works(own_file: OwnFileOf) -> None:
    text = table.page(builtin()).split("```json\n")[1].split("```")[0]
    assert load(own=own_file(json.loads(text))).get("market_hall") is not None


def test_the_page_of_methods_is_up_to_date() -> None:
    assert table.main(["--check"]) == 0


def test_the_signature_is_of_sixty_four_bytes_and_its_key_is_trusted() -> None:
    found = builtin()
    assert len(found.signature) == 64
    assert found.key_id in signing.trusted_keys()
    assert base64.b64encode(found.signature)

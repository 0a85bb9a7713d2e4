"""What one trade may pay by a method, for the risk that its payments come back."""

from decimal import Decimal

import pytest

from tests import worlds
from tradepost.kernel.money import Asset
from tradepost.payments import service
from tradepost.payments.model import MethodLimitExceeded

EUR, USD = Asset("EUR", 2), Asset("USD", 2)
SETTINGS = worlds.settings("postgresql://nowhere").model_copy(
    update={"largest_trades": {"EUR": Decimal(1000), "USD": Decimal("0.03")}}
)


@pytest.mark.parametrize("code", ["cash_in_person", "sepa_instant", "revolut", "paypal"])
def test_the_limit_is_the_part_that_the_registry_says(code: str) -> None:
    method = service.registry(SETTINGS).get(code)
    assert method is not None
    most = Decimal(1000) * method.limit_bps / 10_000
    service.check_limit(SETTINGS, code, EUR.amount(f"{most:.2f}"))
    with pytest.raises(MethodLimitExceeded) as refused:
        service.check_limit(SETTINGS, code, EUR.amount(f"{most + Decimal('0.01'):.2f}"))
    assert refused.value.facts == {"payment_method": code, "limit": f"{most:.2f}"}


def test_methods_differ_by_their_risk() -> None:
    methods = service.registry(SETTINGS).methods.values()
    assert len({method.limit_bps for method in methods}) == 4


def test_a_limit_is_rounded_down() -> None:
    paypal = service.registry(SETTINGS).get("paypal")
    assert paypal is not None
    assert paypal.limit_bps < 10_000
    with pytest.raises(MethodLimitExceeded):
        service.check_limit(SETTINGS, "paypal", USD.amount("0.03"))


def test_without_a_setting_there_is_no_limit() -> None:
    open_to_all = worlds.settings("postgresql://nowhere")
    service.check_limit(open_to_all, "paypal", EUR.amount("1000000"))
    service.check_limit(SETTINGS, "paypal", Asset("JPY", 0).amount("1000000"))

"""The assets that an exchange trades, and amounts as callers state them."""

from tradepost.kernel.errors import MalformedRequest, Problem
from tradepost.kernel.money import Amount, Asset
from tradepost.kernel.settings import Settings


class AssetNotTraded(Problem):
    """This exchange does not trade that asset."""

    status = 400


def asset_of(settings: Settings, code: str) -> Asset:
    """The asset that is traded under this code; raises `AssetNotTraded`."""
    for setting in settings.assets:
        if setting.code == code:
            return Asset(setting.code, setting.decimals)
    raise AssetNotTraded(f"The assets are {', '.join(item.code for item in settings.assets)}.")


def stated(asset: Asset, name: str, text: str) -> Amount:
    """The amount that the field `name` states in whole units; raises `MalformedRequest`."""
    try:
        return asset.amount(text)
    except ValueError as error:
        raise MalformedRequest(errors=[{"at": name, "what": str(error)}]) from None

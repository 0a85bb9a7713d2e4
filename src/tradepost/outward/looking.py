"""The look at an address when it is named, at the API's edge."""

import asyncio
from typing import Annotated, Final

from fastapi import Depends, Request

from tradepost.kernel.settings import Settings
from tradepost.outward.addresses import AddressRefused, Names, Target, UrlRefused, find

_FIRST_LOOK_S: Final = 2.0
_FIRST_LOOKS: Final = 2


class FirstLook:
    """Judges a target when it is named, to say at once what will not do.

    It is a courtesy: what counts is judged again at each try. So a name that answers slowly is
    taken as it is, and only few are looked up at the same time.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._looking = 0

    async def check(self, target: Target, settings: Settings) -> None:
        """Raises `UrlRefused`."""
        if target.scheme == "http" and not settings.webhook_networks:
            raise UrlRefused("It has to be https.")
        if self._looking >= _FIRST_LOOKS:
            return
        self._looking += 1
        try:
            async with asyncio.timeout(_FIRST_LOOK_S):
                await find(target, self._names, settings)
        except TimeoutError:
            return
        except AddressRefused:
            raise UrlRefused("The host leads to no public address.") from None
        finally:
            self._looking -= 1


def _first_look(request: Request) -> FirstLook:
    look: FirstLook = request.app.state.first_look
    return look


#: A dependency: the app's one look.
FirstLookOf = Annotated[FirstLook, Depends(_first_look)]

"""Hashing is bounded: a flood of sign-ins is told so at once."""

import asyncio

import pytest

from tradepost.identity.service import Passphrases
from tradepost.kernel.errors import Busy

PASSPHRASE = "lantern orbit velvet quarry"


async def test_beyond_the_queue_a_caller_is_told_at_once_and_later_served() -> None:
    passphrases = Passphrases(at_once=1, waiting=2)
    results = await asyncio.gather(
        *(passphrases.verify(PASSPHRASE, None) for _ in range(10)), return_exceptions=True
    )
    assert [isinstance(result, Busy) for result in results].count(True) == 7
    assert await passphrases.verify(PASSPHRASE, None) is False
    passphrases.close()


async def test_a_caller_who_goes_away_does_not_free_a_place_that_is_still_used() -> None:
    passphrases = Passphrases(at_once=1, waiting=0)
    leaving = asyncio.create_task(passphrases.verify(PASSPHRASE, None))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(Busy):
        await passphrases.verify(PASSPHRASE, None)
    with pytest.raises(asyncio.CancelledError):
        await leaving
    passphrases.close()


async def test_a_hash_is_of_its_own_passphrase_alone() -> None:
    passphrases = Passphrases()
    hashed = await passphrases.admit(PASSPHRASE, "rosa")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passphrases.verify(PASSPHRASE, hashed)
    assert not await passphrases.verify(PASSPHRASE + " ", hashed)
    passphrases.close()


async def test_a_server_that_shuts_down_takes_no_more() -> None:
    passphrases = Passphrases()
    passphrases.close()
    with pytest.raises(Busy):
        await passphrases.verify(PASSPHRASE, None)

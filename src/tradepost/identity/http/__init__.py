"""The identity's part of the API."""

from fastapi import APIRouter

from tradepost.identity.http import accounts, partners

router = APIRouter(tags=["identity"])
for part in (accounts.sign_in_router, accounts.account_router, partners.router):
    router.include_router(part)

__all__ = ["router"]

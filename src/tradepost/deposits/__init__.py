"""Deposits: what escrow reads of makers' balances is brought to their offers."""

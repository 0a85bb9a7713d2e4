"""How much each caller may ask: token buckets by address, key and account, decided in one step.

`docs/limits.md` is the caller's side of it.
"""

"""Measurements: each beside its floor in the same run, so that machines can be compared."""

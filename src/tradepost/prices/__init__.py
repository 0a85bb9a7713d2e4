"""Market prices: read from sources, made into one index for each pair, and none once stale."""

"""One deal between a maker and a taker, from the taking of an offer to its settlement."""

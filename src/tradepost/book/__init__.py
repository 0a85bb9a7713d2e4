"""What takers find: the listings of offers, in the order of their prices."""

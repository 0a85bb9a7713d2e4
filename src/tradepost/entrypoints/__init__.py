"""The processes of the exchange and what they share: the edge that knows all rooms."""

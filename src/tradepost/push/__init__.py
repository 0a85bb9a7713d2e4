"""Push messages: an account's devices are told of its trades when no page is open."""

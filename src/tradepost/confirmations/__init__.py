"""What a program asks of an account's owner, and what becomes of his answer."""

"""What an operator's account is shown of his exchange."""

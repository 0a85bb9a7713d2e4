"""How people pay: the methods that an exchange knows, and traders' payment accounts, sealed."""

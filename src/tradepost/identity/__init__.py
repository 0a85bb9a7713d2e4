"""Who somebody is to the exchange: accounts, the ways to prove one, tokens, scopes and roles."""

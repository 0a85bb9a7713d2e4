"""Payment methods as versioned, signed data, and the rules of the accounts they pay to.

Server and client share it, so that both know the same methods and judge an account's fields the
same way. It talks to no network and knows neither server nor client. `registry` reads the data,
`fields` and `accounts` check what an owner enters, `codes` makes what a buyer scans.
"""

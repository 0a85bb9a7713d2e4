"""The API's part of payments: methods, for everybody, and accounts, for their owners."""

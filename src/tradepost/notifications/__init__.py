"""The event stream: what happens, told to those who hold a connection open for it."""

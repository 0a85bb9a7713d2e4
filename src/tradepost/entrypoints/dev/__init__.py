"""The one-command exchange: an embedded database, a development chain, and their supervisor.

Nothing here is imported by the processes that it starts. A production exchange is given
`DATABASE_URL` and `RPC_URL` and runs `tradepost serve`, `worker` and `watch` by itself.
"""

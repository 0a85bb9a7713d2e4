"""The API for agents: an MCP server at `/mcp`, whose tools ask the API's own operations.

What reads is answered at once. What binds the account's owner is only asked for: he confirms it
with a token that no agent has ([ADR 35](docs/adr/0035-agents-ask-owners-confirm.md)).
"""

"""The sandbox's simulated traders: ordinary accounts that use the typed client, and nothing else.

They know what any trader knows, and hold keys that everybody knows: on a development chain there is
nothing to be stolen.
"""

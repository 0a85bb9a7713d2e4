"""The parts that wait, written once; `tools/unasync_client.py` makes `_sync` from them."""

"""The parts that wait, without `async`: made by `tools/unasync_client.py`."""

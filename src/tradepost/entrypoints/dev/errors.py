"""The faults that a person can mend, each told in one sentence that says what to do."""

import errno


class StartError(Exception):
    """The exchange cannot start; the message says why and what to do."""


DISK_FULL = "The disk is full: free some space, then start again."


def told(error: OSError, doing: str) -> StartError:
    """Turns a fault of the operating system met while `doing` something into a plain sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StartError(DISK_FULL)
    return StartError(f"Cannot {doing}: {error.strerror or error} ({error.filename or 'no file'}).")

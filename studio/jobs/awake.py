"""Keeps the PC awake while it renders: on Windows. Elsewhere nothing is done.

The screen may still go dark. Knows nothing of jobs.
"""

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from typing import Any

# Source: Microsoft, "SetThreadExecutionState function (winbase.h)".
ES_SYSTEM_REQUIRED = 0x00000001
ES_CONTINUOUS = 0x80000000


@contextlib.contextmanager
def awake() -> Iterator[None]:
    """Within the block, in this thread, the system does not fall asleep for want of a hand."""
    kernel32 = _kernel32()
    if kernel32 is None:
        yield
        return
    kernel32.SetThreadExecutionState(ES_CONTINUOUS | ES_SYSTEM_REQUIRED)
    try:
        yield
    finally:
        kernel32.SetThreadExecutionState(ES_CONTINUOUS)


def _kernel32() -> Any:
    """Windows' own library; None elsewhere."""
    if sys.platform == "win32":
        return ctypes.windll.kernel32
    return None

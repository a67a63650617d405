"""Who may run the jobs of a library: one process at a time, by a lock of the operating system.

The system drops the lock when its holder dies, however that happens. Knows nothing of the jobs.
"""

from filelock import FileLock, Timeout

from studio.paths import Places


class Owner:
    """This process's claim to be the one owner of a library."""

    def __init__(self, places: Places) -> None:
        self._file = places.data / "owner.lock"
        # Taken in one thread and released in another: the claim is the process's.
        self._lock = FileLock(self._file, thread_local=False)

    def try_own(self) -> bool:
        """Become the owner, now or not at all: False while there is one, be it this process."""
        if self._lock.is_locked:
            return False
        self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """Let another process be the owner."""
        self._lock.release()

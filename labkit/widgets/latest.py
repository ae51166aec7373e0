"""Doing work for the last of many events: while a slider is dragged, only its last position is drawn."""

import asyncio
from collections.abc import Callable


class Latest:
    """Calls `work` soon after `ask`, once for all that asked meanwhile. Without a running event loop: at once.

    While the work runs, events pile up; the loop handles the pile before the timer, so the next call
    sees the last of them.
    """

    def __init__(self, work: Callable[[], None], wait: float = 0.03):
        self.work = work
        self.wait = wait
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, *_event) -> None:
        """Have the work done."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.work()
            return
        if self._timer is None:
            self._timer = loop.call_later(self.wait, self.now)

    def now(self) -> None:
        """Do what was asked for, if anything still waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.work()

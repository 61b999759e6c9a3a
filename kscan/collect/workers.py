"""Work side by side in daemon threads, so that an interrupt ends the program at once."""

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """A call that runs while its caller does something else."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._result: list[T] = []
        self._error: list[BaseException] = []
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result.append(self._call())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            self._error.append(error)

    def result(self) -> T:
        """What the call gave, when it is done."""
        self._thread.join()
        if self._error:
            raise self._error[0]
        return self._result[0]


def run_all(tasks: Iterable[Callable[[], None]], parallel: int, stopped: threading.Event) -> None:
    """Run every task, so many at a time; the first error stops the rest and is raised here."""
    waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    errors: list[BaseException] = []

    def work() -> None:
        while not stopped.is_set():
            try:
                waiting.get_nowait()()
            except queue.Empty:
                return
            except BaseException as error:  # noqa: BLE001 - raised again below
                errors.append(error)
                stopped.set()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(parallel)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            # A wait with a limit lets the main thread see an interrupt.
            while thread.is_alive():
                thread.join(0.2)
    except KeyboardInterrupt:
        stopped.set()
        raise
    if errors:
        raise errors[0]

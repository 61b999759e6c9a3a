"""The process in which expressions from the cluster are evaluated: what they do to it, they do to nobody else.

It starts one that answers, with a limit on its memory, and for each question on its time. Where that one is ended by
what it was asked, it says so, and starts the next, which takes a moment; the scan itself starts this one once.
"""

import os
import resource
import signal
import sys
from pathlib import Path

import msgspec

from kscan.model.cel.questions import HEAD, Evaluator, Question, Reply, length, write

_MEGABYTE = 1 << 20
MOST_MEMORY = 256 * _MEGABYTE
_IN, _OUT = 0, 1


def main() -> None:
    """Answer until nobody asks."""
    _limit_memory()
    while True:
        child = os.fork()
        if child == 0:
            _answer()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) and not os.WEXITSTATUS(status):
            return
        write(_OUT, Reply(signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else int(signal.SIGABRT)))


def _limit_memory() -> None:
    """So much more than now; macOS has no such limit: there the limit of time must do."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = now + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def _answer() -> None:
    evaluator = Evaluator()
    # An expression cannot be interrupted but by a signal that ends the process.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    while head := _read(HEAD):
        question = msgspec.msgpack.decode(_read(length(head)), type=Question)
        before = _seconds()
        signal.setitimer(signal.ITIMER_PROF, question.seconds)
        said = tuple(evaluator.answers(question))
        signal.setitimer(signal.ITIMER_PROF, 0)
        write(_OUT, Reply(said, _seconds() - before))


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _read(size: int) -> bytes:
    """So many bytes; none where nobody asks any more."""
    found = b""
    while len(found) < size:
        part = os.read(_IN, size - len(found))
        if not part:
            return b""
        found += part
    return found


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        main()
    except BrokenPipeError:
        sys.exit(0)

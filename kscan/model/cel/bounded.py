"""Expressions that the cluster says, under bounds: they are evaluated elsewhere, and end when they take too much.

A policy that the API server takes may well need gigabytes and hours: it counts the cost of each step and stops at
its budget, which the runtime here does not. What may be refused by its size is; for the rest a process of its own
with a limit on memory and time is the one bound that no expression finds a way around: an estimate of cost would
have to know each function of the runtime. What is stopped is not known, with the reason.
"""

import atexit
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from kscan.model.cel.binding import without_bind
from kscan.model.cel.questions import HEAD, Question, Reply, Variable, length, write
from kscan.model.cel.runtime import Erred
from kscan.model.cel.tree import Node, tree_of
from kscan.model.cel.worker import MOST_MEMORY

# Of one expression, and of all of a policy, in characters; and how many a policy may have.
_MOST_TEXT, _MOST_TEXTS, _MOST_EXPRESSIONS = 32_000, 128_000, 300
# Of the processor's time: for one question, and for a policy with so much more for each question that is asked of it.
# The API server gives one expression about a tenth of a second, and all of a policy one.
_ONE, _ALL, _EACH = 0.25, 0.5, 0.0003
# Replies that are kept, for many namespaces have the same pods tried.
_REMEMBERED = 1000
# Where the machine has no time for the process at all.
_PATIENCE = 30.0
_TOO_LONG = f"its expressions take more time than the {_ALL:g} s that kscan gives them"
_TOO_LARGE = f"it takes more memory than the {MOST_MEMORY >> 20} MB that kscan gives it"


class Bounded:
    """The expressions of one policy, in an environment in which these variables may hold anything."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._left = _ALL
        self._texts = 0
        self._expressions = 0

    def compile(self, text: str) -> tuple[str, Node | None]:
        """The expression, ready to be asked, and as a tree, if it is not too large; RuntimeError says why it errs."""
        self._texts += len(text)
        self._expressions += 1
        if len(text) > _MOST_TEXT:
            raise RuntimeError(f"it is longer than {_MOST_TEXT:,} characters")
        if self._texts > _MOST_TEXTS or self._expressions > _MOST_EXPRESSIONS:
            most = f"{_MOST_EXPRESSIONS} expressions or {_MOST_TEXTS:,} characters"
            raise RuntimeError(f"its policy has more than {most}")
        text = without_bind(text)
        (said,) = self._ask(Question(self._names, (text,)))
        if isinstance(said, Erred):
            raise RuntimeError(said.reason)
        return text, tree_of(said) if isinstance(said, bytes) else None

    def ask(
        self, expressions: Sequence[str], variables: Sequence[Variable], told: Mapping[str, Any]
    ) -> Sequence[bool | Erred]:
        """What each expression says that was compiled before; each variable may use those before it."""
        said = self._ask(Question(self._names, tuple(expressions), tuple(variables), dict(told)))
        return tuple(one if isinstance(one, bool | Erred) else Erred("it was not evaluated", ours=True) for one in said)

    def _ask(self, question: Question) -> Sequence[bool | bytes | Erred]:
        self._left += _EACH
        if self._left <= 0:
            return [Erred(_TOO_LONG, ours=True)] * len(question.expressions)
        given = min(_ONE, max(self._left, 0.01))
        reply = process().ask(msgspec.structs.replace(question, seconds=given))
        if isinstance(reply, str):
            self._left = 0.0
            return [Erred(reply, ours=True)] * len(question.expressions)
        # What ended the process took what it was given, whatever of it was spent.
        self._left -= given if reply.signal else reply.seconds
        if reply.signal:
            reason = _TOO_LONG if reply.signal == signal.SIGPROF else _TOO_LARGE
            return [Erred(reason, ours=True)] * len(question.expressions)
        return reply.said


class Process:
    """The process that answers, started when it is first asked."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None
        self._answers = selectors.DefaultSelector()
        self._replies: dict[bytes, Reply] = {}

    def ask(self, question: Question) -> Reply | str:
        """Its reply, or why there is none; what was asked before it is not asked again."""
        asked = msgspec.msgpack.encode(msgspec.structs.replace(question, seconds=0))
        if asked not in self._replies:
            reply = self._asked(question)
            if isinstance(reply, str) or reply.signal or question.told is None:
                return reply
            if len(self._replies) >= _REMEMBERED:
                self._replies.clear()
            self._replies[asked] = reply
        return self._replies[asked]

    def _asked(self, question: Question) -> Reply | str:
        try:
            running = self._start()
            if running.stdin is None or running.stdout is None:
                raise EOFError
            write(running.stdin.fileno(), question)
            return msgspec.msgpack.decode(self._read(running.stdout.fileno()), type=Reply)
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            self.end()
            return f"the process in which kscan evaluates it did not answer: {type(error).__name__}"

    def _read(self, file: int) -> bytes:
        """One whole message, in time."""
        until = time.monotonic() + _PATIENCE
        found = b""
        while len(found) < HEAD or len(found) < HEAD + length(found[:HEAD]):
            if not self._answers.select(max(0.0, until - time.monotonic())):
                raise TimeoutError
            part = os.read(file, 1 << 16)
            if not part:
                raise EOFError
            found += part
        return found[HEAD:]

    def _start(self) -> "subprocess.Popen[bytes]":
        if self._running is None or self._running.poll() is not None:
            if not hasattr(os, "fork"):
                raise OSError("this system cannot fork")
            self._running = subprocess.Popen(
                [sys.executable, "-m", "kscan.model.cel.worker"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                bufsize=0, env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )  # fmt: skip
            self._answers.register(self._running.stdout or -1, selectors.EVENT_READ)
        return self._running

    def end(self) -> None:
        """End it, if it runs."""
        running, self._running = self._running, None
        if running is not None:
            self._answers.unregister(running.stdout or -1)
            for pipe in (running.stdin, running.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                running.wait(1)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


@cache
def process() -> Process:
    """The one that this program asks: it keeps nothing but what it compiled, and starting it takes a while."""
    found = Process()
    atexit.register(found.end)
    return found

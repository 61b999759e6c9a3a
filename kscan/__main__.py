"""The door: runs the command line, and turns every failure into one line and an exit code."""

import gc
import os
import re
import sys

import typer

from kscan.commands.app import app
from kscan.commands.streams import listened_to
from kscan.errors import KscanError, nearest

_CHOICE = re.compile(r"'([^']*)' is not one of '(.*)'")


def main(arguments: list[str] | None = None) -> None:
    """Run kscan; never ends in a traceback unless KSCAN_DEBUG asks for one."""
    # Most of what a scan makes lives to its end: looking for cycles among it every so often is a fifth of its time.
    gc.set_threshold(100_000)
    output = listened_to()
    code = run(arguments)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _fail(f"cannot write to standard output: {error.strerror or error}", 2)
    if output.lost:
        print("kscan: standard output was closed before all was written", file=sys.stderr)
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run kscan and give its exit code."""
    try:
        result = app(args=arguments, prog_name="kscan", standalone_mode=False)
        # Typer turns an interrupt into this code, and says nothing.
        return _fail("interrupted", 130) if result == 130 else int(result or 0)
    except typer.Exit as done:
        return done.exit_code
    except typer.TyperException as error:
        return _usage(error)
    except KscanError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", 130)
    # The one place that turns the unexpected into an exit code.
    except Exception as error:
        if os.environ.get("KSCAN_DEBUG"):
            raise
        advice = "this is a fault of kscan: please report it with what KSCAN_DEBUG=1 prints"
        return _fail(f"unexpected {type(error).__name__}: {error}: {advice}", 2)


def _usage(error: typer.TyperException) -> int:
    """A wrong option in one line; no arguments at all is a call for help, which is printed already."""
    if not str(error):
        return 2
    words = " ".join(getattr(error, "format_message", error.__str__)().replace("Value error, ", "").split())
    choice = _CHOICE.search(words)
    advice = nearest(choice[1], choice[2].split("', '")) if choice else ""
    return _fail(f"{words.rstrip('.')}{f': {advice}' if advice else ''} (see kscan --help)", 2)


def _fail(line: str, code: int) -> int:
    from kscan.report.text import clean  # noqa: PLC0415 - only where something went wrong

    _close_quietly()
    print(f"kscan: {clean(line)}", file=sys.stderr)
    return code


def _close_quietly() -> None:
    """Keep Python from complaining once more at exit about an output that is closed or full."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

"""Helm charts and kustomizations, rendered by the tools that people have: in bounded time, no shell and no network."""

import os
import re
import shutil
import signal
import subprocess
from bisect import bisect
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from kscan.model.base import read_json
from kscan.model.words import shown
from kscan.snapshot import fetching

_SECONDS = 60
_MOST_WORDS = 280
_RELEASE = re.compile(r"[^a-z0-9-]+")
_LONGEST_RELEASE = 53
_SOURCE = "# Source: "
_ERROR = re.compile(r"^(?:error|panic): *(.*)", re.IGNORECASE | re.MULTILINE | re.DOTALL)
# kubectl tells what ended it as the value of a key, in quotes as Go makes them.
_COMMAND_FAILED = re.compile(r'"command failed" err=("(?:[^"\\]|\\.)*")')
_WARNING = re.compile(r"^(?:(?:# *)?warning\b|W\d{4} ).*\n", re.IGNORECASE | re.MULTILINE)
# What is to be patched, or copied from, is nowhere.
_FOR_OTHERS = re.compile(r"no matches for Id|no resource matches|nothing selected by|unable to find")
_HINT = re.compile(r"\s*Use --debug flag to render out invalid YAML\s*$")
# What is fetched in spite of a look before: nobody answers at that port, and git knows no way, not even to a folder.
_NOBODY = "127.0.0.1:9"
_FETCHED = re.compile(r"(?:https?|ssh|git)://[^\s'\"]+")
_OFFLINE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), f"http://{_NOBODY}") | {
    "NO_PROXY": "",
    "no_proxy": "",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
}


class Rendering(msgspec.Struct, frozen=True):
    """What a tool printed, and the template of each line; or the one line that says why there is nothing."""

    folder: Path
    text: str = ""
    problem: str = ""
    advice: str = ""
    # Whether the tool says that what it would change is not there: others have it.
    for_others: bool = False
    starts: tuple[int, ...] = ()
    templates: tuple[str, ...] = ()

    def place(self, line: int) -> str:
        """The template that a line came from, as far as the tool says."""
        index = bisect(self.starts, line) - 1
        return self.templates[index] if index >= 0 else shown(self.folder)


def chart(folder: Path, values: Sequence[Path] = (), namespace: str = "") -> Rendering:
    """What `helm template` makes of a chart; its comments name the template of each object."""
    options = [word for value in values for word in ("--values", str(value))]
    place = ["--namespace", namespace] if namespace else []
    words = " ".join(["helm template", shown(folder), *place, *map(shown, options)])
    advice = f"or render it elsewhere: {words} | kscan scan -"
    helm = shutil.which("helm")
    if helm is None:
        return Rendering(folder, problem="a Helm chart, and there is no helm on PATH", advice=f"install helm, {advice}")
    if wanted := fetching.of_chart(folder):
        return Rendering(folder, problem=f"a Helm chart that is not rendered: {wanted}", advice=advice)
    paths = [word if word == "--values" else str(Path(word).resolve()) for word in options]
    command = [helm, "template", _release(folder), str(folder.resolve()), "--include-crds", *place, *paths]
    done = _run(command)
    if isinstance(done, Failed):
        return Rendering(folder, problem=f"a Helm chart that helm does not render: {done.reason}", advice=advice)
    marks = [(number, line) for number, line in enumerate(done.split("\n"), 1) if line.startswith(_SOURCE)]
    # The comment begins with the chart's name, which need not be its folder's.
    places = (shown(folder / line.removeprefix(_SOURCE).partition("/")[2]) for _, line in marks)
    return Rendering(folder, done, starts=tuple(number for number, _ in marks), templates=tuple(places))


def _release(folder: Path) -> str:
    """The name that a chart is installed under: its folder's, so that its objects are called as people call them."""
    return _RELEASE.sub("-", folder.resolve().name.lower()).strip("-")[:_LONGEST_RELEASE].strip("-") or "release"


def kustomization(folder: Path) -> Rendering:
    """What `kustomize build`, or kubectl in its stead, makes of a folder."""
    advice = f"or render it elsewhere: kustomize build {shown(folder)} | kscan scan -"
    tool = shutil.which("kustomize")
    words = "build"
    if tool is None:
        tool, words = shutil.which("kubectl"), "kustomize"
    if tool is None:
        problem = "a kustomization, and there is neither kustomize nor kubectl on PATH"
        return Rendering(folder, problem=problem, advice=f"install kustomize, {advice}")
    if wanted := fetching.of_kustomization(folder):
        return Rendering(folder, problem=f"a kustomization that is not built: {wanted}", advice=advice)
    done = _run([tool, words, str(folder.resolve())])
    if isinstance(done, Failed):
        problem = f"a kustomization that {Path(tool).name} does not build: {done.reason}"
        return Rendering(folder, problem=problem, advice=advice, for_others=bool(_FOR_OTHERS.search(done.reason)))
    return Rendering(folder, done)


class Failed(msgspec.Struct, frozen=True):
    """Why a tool gave nothing."""

    reason: str


def _run(command: Sequence[str]) -> str | Failed:
    """What a program prints. It stands in a group of its own, so that what it started ends with it."""
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env=os.environ | _OFFLINE,
        )  # fmt: skip
    except OSError as error:
        return Failed(error.strerror or str(error))
    try:
        out, err = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        _end(process)
        return Failed(f"it took longer than {_SECONDS} s")
    except BaseException:
        _end(process)
        raise
    if process.returncode:
        return Failed(_one_line(err.decode(errors="replace")) or f"it ended with code {process.returncode}")
    try:
        return out.decode()
    except UnicodeDecodeError as error:
        return Failed(f"it printed what is no UTF-8 text: {error.reason}")


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _one_line(text: str) -> str:
    """An error as tools print it, without the warnings before it; of a long one how it begins and how it ends."""
    fetched = _FETCHED.search(text)
    if fetched and (_NOBODY in text or "' not allowed" in text):
        return f"it wants {fetched[0]} from the network"
    words = " ".join(_HINT.sub("", _error(text)).split())
    half = _MOST_WORDS // 2
    return words if len(words) <= _MOST_WORDS else f"{words[:half]} … {words[-half:]}"


def _error(text: str) -> str:
    if found := _COMMAND_FAILED.search(text):
        with suppress(msgspec.MsgspecError):
            return read_json(found[1].encode(), str)
        return found[1].strip('"')
    found = _ERROR.search(text)
    return found[1] if found else _WARNING.sub("", text)

"""kscan.yaml: the options of `kscan scan` by name, found here or in a folder above.

The command line counts first, then the environment, then this file.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

from kscan.documents import documents_in
from kscan.errors import ConfigError, nearest

NAME = "kscan.yaml"


def find(start: Path) -> Path | None:
    """The nearest kscan.yaml, here or above."""
    return next((folder / NAME for folder in (start, *start.parents) if (folder / NAME).is_file()), None)


def read(path: Path) -> dict[str, Any]:
    """The keys of a configuration file."""
    content = next(documents_in(path, ConfigError), None)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path} is no map of options", "write one option a line, such as `severity: high`")
    return content


def apply(context: typer.Context, value: Path | None) -> Path | None:
    """Make the file's keys the defaults of the command that is being parsed."""
    path = value or find(Path.cwd())
    if path:
        known = {_key(parameter): str(parameter.name) for parameter in context.command.params if _key(parameter)}
        context.default_map = {**(context.default_map or {}), **_defaults(path, read(path), known)}
    return path


def _key(parameter: Any) -> str:  # noqa: ANN401 - typer's own parameter type
    """The long option without its dashes; arguments have none."""
    return next((name[2:] for name in parameter.opts if name.startswith("--")), "")


def _defaults(path: Path, content: Mapping[Any, Any], known: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for key, value in content.items():
        if key not in _ALL_KEYS:
            raise ConfigError(f"{path}: there is no option {key}", nearest(str(key), _ALL_KEYS) or _listing())
        if key in known:
            found[known[key]] = _joined(value) if key == "namespace" else value
    return found


def _joined(value: object) -> object:
    return ",".join(str(one) for one in value) if isinstance(value, list) else value


_ALL_KEYS: Iterable[str] = (
    "check", "skip", "severity", "framework", "checks",
    "context", "namespace", "parallel", "timeout", "kubelets", "node-results",
    "format", "output", "template", "values", "fail-on", "strict", "quiet",
)  # fmt: skip


def _listing() -> str:
    return f"there are {', '.join(_ALL_KEYS)}"

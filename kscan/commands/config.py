"""kscan.yaml: the options of `kscan scan` by name, found here or in a folder above.

The command line counts first, then the environment, then this file. What is scanned must not say how it is scanned:
a file that stands in the repository of manifests, or beside them, counts only where it is named.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kscan.documents import documents_in
from kscan.errors import ConfigError, nearest
from kscan.model.words import shown

if TYPE_CHECKING:
    from kscan.judge.report import Configuration

NAME = "kscan.yaml"
_USED, _LEFT = "kscan.configuration", "kscan.configuration.left"
_MANIFESTS = (".yaml", ".yml", ".json")


def find(start: Path) -> Iterator[Path]:
    """Every kscan.yaml here and above, the nearest first."""
    return (folder / NAME for folder in (start, *start.parents) if (folder / NAME).is_file())


def is_brought(path: Path, sources: Iterable[Path]) -> bool:
    """Whether a configuration comes with what is scanned: it stands in the same repository, or beside or below it."""
    roots = {root for source in sources for root in _repositories(source)}
    return any(place.is_relative_to(root) for place in _places(path) for root in roots)


def _repositories(source: Path) -> Iterator[Path]:
    """The folders that manifests come with: their repository, else their own. A snapshot comes from a cluster.

    A repository within another, such as a submodule, comes with the outer one.
    """
    if source != Path("-") and not source.is_dir() and source.suffix not in _MANIFESTS:
        return
    for place in _places(Path() if source == Path("-") else source):
        folder = place if place.is_dir() else place.parent
        around = (one for one in reversed((folder, *folder.parents)) if os.path.lexists(one / ".git"))
        yield next(around, folder)


def _places(path: Path) -> tuple[Path, Path]:
    """Where a path stands, and where a link leads to: either may be in the repository that wrote it."""
    return Path(os.path.abspath(path)), path.resolve()  # noqa: PTH100 - Path.absolute leaves .. in


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
    sources: Iterable[Path] = context.params.get("sources") or ()
    found = [value] if value else list(find(Path.cwd()))
    left = [] if value else [path for path in found if is_brought(path, sources)]
    path = next((one for one in found if one not in left), None)
    context.meta[_LEFT] = left
    if path:
        known = {_key(parameter): str(parameter.name) for parameter in context.command.params if _key(parameter)}
        context.default_map = {**(context.default_map or {}), **_defaults(path, read(path), known)}
        context.meta[_USED] = path
    return path


def left_out(context: typer.Context) -> Iterator[str]:
    """A line for each configuration that was found and does not count, for it comes with what is scanned."""
    for path in context.meta.get(_LEFT, ()):
        yield f"{path} comes with what is scanned and was not used: --config {path} uses it"


def used(context: typer.Context) -> "Configuration | None":
    """The configuration that counted, and each option that it decided."""
    from kscan.judge.report import Configuration  # noqa: PLC0415 - only a command that runs needs it

    if _USED not in context.meta:
        return None
    names = {str(parameter.name): _key(parameter) for parameter in context.command.params}
    decided = ((names[name], _text(value)) for name, value in (context.default_map or {}).items()
               if from_where(context, name) == "DEFAULT_MAP")  # fmt: skip
    return Configuration(shown(context.meta[_USED]), tuple(sorted(decided)))


def from_where(context: typer.Context, name: str) -> str:
    """Who gave a parameter its value: COMMANDLINE, ENVIRONMENT, DEFAULT_MAP or DEFAULT."""
    source = context.get_parameter_source(name)
    return source.name if source else "DEFAULT"


def _text(value: object) -> str:
    return ", ".join(map(shown, map(str, value))) if isinstance(value, list) else shown(str(value))


def _key(parameter: Any) -> str:  # noqa: ANN401 - typer's own parameter type
    """The long option without its dashes; arguments have none."""
    return next((name[2:] for name in parameter.opts if name.startswith("--")), "")


def _defaults(path: Path, content: Mapping[Any, Any], known: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for key, value in content.items():
        if key not in _ALL_KEYS:
            raise ConfigError(f"{path}: there is no option {key}", nearest(str(key), _ALL_KEYS) or _listing())
        if key in known:
            found[known[key]] = _resolved(key, value, path.parent)
    return found


def _resolved(key: str, value: object, folder: Path) -> object:
    """A value as its option takes it: files that are read stand where the configuration says, seen from itself."""
    if key == "namespace":
        return [str(one) for one in (value if isinstance(value, list) else [value])]
    if key not in _READ or (key == "node-results" and str(value).startswith("configmaps")):
        return value
    return [str(folder / str(one)) for one in value] if isinstance(value, list) else str(folder / str(value))


_READ = ("checks", "template", "values", "node-results")
_ALL_KEYS: Iterable[str] = (
    "check", "skip", "severity", "framework", "all", "checks", "pss-version", "honour-annotations",
    "context", "namespace", "parallel", "timeout", "kubelets", "node-results", "platform", "inspect-secret-metadata",
    "format", "output", "template", "by", "values", "fail-on", "strict", "allow-incomplete", "quiet",
)  # fmt: skip


def _listing() -> str:
    return f"there are {', '.join(_ALL_KEYS)}"

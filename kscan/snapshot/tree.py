"""What a folder holds: plain files, and the folders that are Helm charts or kustomizations.

What a chart or a kustomization is made from belongs to it: a template is no YAML, a patch no object. Objects that
stand where no tool would make anything of them are read as they are: nothing is hidden by the name of a folder.
"""

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from kscan.model.words import shown
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.folded import fields
from kscan.snapshot.kustomized import bases, data, is_component, merged, parts
from kscan.snapshot.marked import Broken, Marked, marked
from kscan.snapshot.regular import read_regular
from kscan.snapshot.written import written

ENDINGS = (".yaml", ".yml", ".json")
CHART = "Chart.yaml"
_GIT = ".git"
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART_FOLDERS = frozenset({"templates", "charts", "crds"})
# Of a library: what the charts that use it make objects of. Charts that stand in it are charts by themselves.
_MADE_BY_OTHERS = ("templates", "crds")
_CHART_FILES = frozenset({CHART, "Chart.lock", "requirements.yaml", "values.schema.json"})
# Flux has a kind of the same name, whose objects are manifests.
_GROUP = "kustomize.config.k8s.io/"
_PLUGIN = "builtin"


class Tree(msgspec.Struct, frozen=True):
    """The files that are read as they are, the folders that are rendered, what cannot be opened."""

    files: tuple[Path, ...] = ()
    charts: tuple[Path, ...] = ()
    kustomizations: tuple[Path, ...] = ()
    # Components that nothing which is built builds upon: their objects are among the files.
    components: tuple[Path, ...] = ()
    # Charts that make no objects of their own: others use them.
    libraries: tuple[Path, ...] = ()
    unread: tuple[Gap, ...] = ()
    # Files of objects that kustomizations build upon; and those that they take as data, with who names them as what.
    built: tuple[Path, ...] = ()
    passed: tuple[str, ...] = ()
    # Files of objects that kustomizations merge into what they make, with who names them as what.
    merged: tuple[tuple[Path, str], ...] = ()


def tree(root: Path, others: Sequence[Path] = ()) -> Tree:
    """Everything below a folder, in order; a kustomization that another one builds upon is part of that one.

    `others` are read beside it: a link to a folder of theirs leads to nothing that would not be read.
    """
    walk = _Walk([one.resolve() for one in (root, *others)])
    for name, folders, names in os.walk(root, onerror=walk.closed.append):
        folders[:] = sorted(one for one in folders if one != _GIT)
        walk.enter(Path(name), folders, names)
    return walk.tree()


@dataclass
class _Walk:
    """What was seen of a folder so far."""

    roots: list[Path]
    files: list[Path] = field(default_factory=list)
    charts: list[Path] = field(default_factory=list)
    libraries: list[Path] = field(default_factory=list)
    # What lies in a library and is no template of its own.
    inside: set[Path] = field(default_factory=set)
    # What each kustomization says.
    kustomized: dict[Path, Mapping[str, Any]] = field(default_factory=dict)
    closed: list[OSError] = field(default_factory=list)
    led: list[Gap] = field(default_factory=list)

    def enter(self, folder: Path, folders: list[str], names: Sequence[str]) -> None:
        """One folder; those of its folders that a chart renders are left out."""
        candidates = {one for one in names if one.endswith(ENDINGS) or one in KUSTOMIZATIONS}
        own = candidates if folder in self.inside else set()
        self.inside |= {folder / one for one in folders if folder in self.inside}
        # What cannot be read makes no chart and no kustomization: it is a file, and a gap as such.
        about = _first(folder / CHART) if CHART in names else None
        if about is not None:
            own = {one for one in candidates if _is_of_chart(one)}
            self._chart(folder, folders, is_library=_is_library(about))
        self.led += _led_out(folder, folders, self.roots)
        own = {one for one in own if not _holds_objects(folder / one)}
        own |= self._kustomization(folder, next((one for one in KUSTOMIZATIONS if one in names), ""))
        self.files += (folder / one for one in sorted(candidates - own))

    def _chart(self, folder: Path, folders: list[str], *, is_library: bool) -> None:
        if is_library:
            self.libraries.append(folder)
            self.inside |= {folder / one for one in _MADE_BY_OTHERS}
        else:
            self.charts.append(folder)
            folders[:] = [one for one in folders if one not in CHART_FOLDERS]

    def _kustomization(self, folder: Path, name: str) -> set[str]:
        """A kustomization with all that it names; its own name, where nothing else stands in that file."""
        content = _kustomization(folder / name) if name else None
        if content is None:
            return set()
        self.kustomized[folder] = content
        # A tool reads its first document only.
        return {name} if len(_documents(folder / name) or ()) <= 1 else set()

    def tree(self) -> Tree:
        """All of it."""
        tops, components = _tops(self.kustomized)
        made = {one: content for one, content in self.kustomized.items() if one not in components}
        taken = {path for one, content in made.items() for path in parts(one, content)}
        built = {path for one, content in made.items() for path in bases(one, content)}
        data_of = [*_words(made, data), *_words(components, data), *_words(components, merged)]
        # Of a component that is not built its objects are manifests, and all else is still data.
        own = {path for one, content in components.items() for path in bases(one, content)}
        plain, unread = _opened(self.files, taken | ({path for path, _ in data_of} - own))
        unread += (_unread(error.filename, error.strerror or str(error)) for error in self.closed)
        return Tree(
            files=tuple(plain),
            charts=tuple(self.charts),
            kustomizations=tuple(tops),
            components=tuple(components),
            libraries=tuple(self.libraries),
            unread=(*unread, *self.led),
            built=tuple(one for one in self.files if _place(one) in built & taken),
            passed=(
                *(f"{shown(one)} (a component that no kustomization builds upon)" for one in components),
                *(f"{shown(file)} ({words})" for file, words in _passed(self.files, data_of, built | own)),
            ),
            merged=tuple(_passed(self.files, _words(made, merged), built)),
        )


def _words(
    kustomized: Mapping[Path, Mapping[str, Any]], of: Callable[[Path, Mapping[str, Any]], Iterator[tuple[Path, str]]]
) -> Iterator[tuple[Path, str]]:
    """Files that kustomizations name, with who names them as what."""
    for folder, content in kustomized.items():
        yield from ((path, f"{key} of {shown(folder)}") for path, key in of(folder, content))


def _passed(
    files: Iterable[Path], told: Iterable[tuple[Path, str]], built: Container[Path]
) -> Iterator[tuple[Path, str]]:
    """The files with objects that are but data to a kustomization, and what names them."""
    data_of = {path: words for path, words in told if path not in built}
    for file in files:
        place = _place(file)
        if place in data_of and _holds_objects(file):
            yield file, data_of[place]


def _place(file: Path) -> Path:
    try:
        return file.resolve()
    except (OSError, RuntimeError):
        return file


def _led_out(folder: Path, folders: Iterable[str], roots: Sequence[Path]) -> Iterator[Gap]:
    """The links to folders that are read nowhere: what a link leads to within the roots is read at its own place."""
    for link in (folder / one for one in folders):
        place = link.resolve() if link.is_symlink() else None
        if place and not any(place.is_relative_to(one) and _GIT not in place.relative_to(one).parts for one in roots):
            words = f"it leads to {shown(place)}, outside of what is scanned: name that folder, too"
            yield Gap(shown(link), Reason.UNDECODABLE, words)


def _is_of_chart(name: str) -> bool:
    return name in _CHART_FILES or (name.startswith("values") and name.endswith(ENDINGS))


def _is_library(content: Mapping[str, Any]) -> bool:
    """Whether helm would take it for one; what it takes for no chart at all it says when it is rendered."""
    named = all(isinstance(content.get(key), str) and content[key] for key in ("apiVersion", "name"))
    return named and content.get("type") == "library"


def _holds_objects(path: Path) -> bool:
    """Whether there are objects in a file of a chart; what cannot be read may hold some, and that is said of it."""
    try:
        text = read_regular(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return True
    found = written(str(path), text)
    # No API server has the group of kustomize's own plugins.
    objects = [value for value, _ in found.objects if value["apiVersion"] != _PLUGIN]
    return bool(objects or (found.unread and all(isinstance(one, Marked) for one in marked(text))))


def _opened(files: Sequence[Path], taken: Iterable[Path]) -> tuple[list[Path], list[Gap]]:
    """The files that are read as they are, each once, whatever links lead to it; and those that are none."""
    plain: list[Path] = []
    unread: list[Gap] = []
    seen = set(taken)
    # What stands at its own place is named by that place, and not by a link.
    for file in sorted(files, key=Path.is_symlink):
        try:
            place = file.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            unread.append(_unread(file, getattr(error, "strerror", None) or str(error)))
            continue
        if not place.is_file():
            unread.append(_unread(file, "it is no file"))
        elif place not in seen:
            seen.add(place)
            plain.append(file)
    return [file for file in files if file in set(plain)], unread


def _unread(path: str | Path, words: str) -> Gap:
    return Gap(shown(path), Reason.UNDECODABLE, f"it cannot be opened: {words}")


def content_of(folder: Path) -> Mapping[str, Any] | None:
    """What the kustomization of a folder says; None where there is none."""
    name = next((one for one in KUSTOMIZATIONS if (folder / one).exists()), "")
    return _kustomization(folder / name) if name else None


def _kustomization(path: Path) -> Mapping[str, Any] | None:
    """What a kustomization says; None where the file is something else of that name."""
    content = _first(path)
    version = fields(content).get("apiversion") if content is not None else None
    return None if isinstance(version, str) and not version.startswith(_GROUP) else content


def _first(path: Path) -> Mapping[str, Any] | None:
    """The first document of a file; empty where it is none, which its tool will say; None where it cannot be read."""
    documents = _documents(path)
    if documents is None:
        return None
    found = documents[0] if documents else None
    return found.value if isinstance(found, Marked) and isinstance(found.value, dict) else {}


def _documents(path: Path) -> Sequence[Marked | Broken] | None:
    try:
        return list(marked(read_regular(path).decode("utf-8-sig")))
    except UnicodeDecodeError:
        return ()
    except OSError:
        return None


def _tops(said: Mapping[Path, Mapping[str, Any]]) -> tuple[list[Path], dict[Path, Mapping[str, Any]]]:
    """The kustomizations that no other builds upon, of those in a ring the first; and the components that none does."""
    folders = {folder.resolve(): folder for folder in said}
    named = {folder: set(bases(folder, content)) for folder, content in said.items()}
    whole = [place for place, folder in folders.items() if not is_component(said[folder])]
    used, used_by_whole = (
        {path for place in places for path in named[folders[place]] if path != place} for places in (folders, whole)
    )
    tops: list[Path] = []
    reached: set[Path] = set()
    for place in (*(one for one in whole if one not in used), *(one for one in whole if one not in used_by_whole),
                  *whole):  # fmt: skip
        if place not in reached:
            tops.append(folders[place])
            _reach(place, folders, named, reached)
    return tops, {folder: said[folder] for place, folder in folders.items() if place not in reached}


def _reach(place: Path, folders: Mapping[Path, Path], named: Mapping[Path, Iterable[Path]], reached: set[Path]) -> None:
    waiting = [place]
    while waiting:
        here = waiting.pop()
        if here not in reached and here in folders:
            reached.add(here)
            waiting += named[folders[here]]

"""Manifests in, mended manifests out, with all that was left alone and why."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import yaml

from kscan.checks.check import Check
from kscan.mend.edit import Refused, rewritten
from kscan.mend.judging import NOWHERE, Found, JsonObject, Judge
from kscan.mend.places import part_of_an_object
from kscan.mend.settle import Key, Left, Settled, Step, settle
from kscan.mend.values import patched_at
from kscan.snapshot.entry import Gap
from kscan.snapshot.marked import values
from kscan.snapshot.parts import parts
from kscan.snapshot.written import Origin, written

TEMPLATE = "it is a template, for {{ stands in it; render it first"


class Text(msgspec.Struct, frozen=True):
    """A file's name and what stands in it."""

    name: str
    text: str


class Object(msgspec.Struct, frozen=True):
    """An object, and where it is written."""

    value: JsonObject
    origin: Origin
    text: int


class Mended(msgspec.Struct, frozen=True):
    """The texts as they are with the patches in, the patches, and what is left as it was."""

    texts: tuple[Text, ...]
    objects: tuple[Object, ...]
    steps: tuple[Step, ...]
    left: tuple[Left, ...]
    # What only a patch would mend that may break something, and what no patch is for.
    risky: tuple[Found, ...]
    without: tuple[Found, ...]
    unread: tuple[Gap, ...]
    # Files that are no YAML because they are templates of it.
    templates: tuple[str, ...]
    owned: int


def mend(texts: Sequence[Text], checks: Sequence[Check], *, risky: bool = False, honour: bool = False) -> Mended:
    """Apply the patches of these checks to manifests; those that may break something only if asked for.

    What owners ask to be passed over is passed over where that is honoured.
    """
    read = [written(one.name, one.text) for one in texts]
    every = [Object(value, origin, number) for number, one in enumerate(read) for value, origin in one.objects]
    objects = [one for one in every if not _controlled(one.value)]
    patching = [check for check in checks if check.file.fix.patch and (risky or not check.file.fix.breaks)]
    others = [check for check in checks if check not in patching]
    found = list(Judge(others, honour=honour).findings(dict(enumerate(one.value for one in objects)))) if others else []
    settled, after = _settled(texts, objects, Judge(patching, honour=honour)) if patching else (Settled((), ()), texts)
    return Mended(
        texts=tuple(after),
        objects=tuple(objects),
        steps=settled.steps,
        left=settled.left,
        risky=tuple(one for one in found if one.check.file.fix.patch and one.index != NOWHERE),
        without=tuple(one for one in found if not one.check.file.fix.patch or one.index == NOWHERE),
        unread=tuple(
            part.gap for one, text in zip(read, texts, strict=True) for part in one.unread if "{{" not in text.text
        ),
        templates=tuple(text.name for one, text in zip(read, texts, strict=True) if one.unread and "{{" in text.text),
        owned=len(every) - len(objects),
    )


def _controlled(value: JsonObject) -> bool:
    """Whether a controller makes the object: then its own template is what to change."""
    owners = value["metadata"].get("ownerReferences")
    return isinstance(owners, list) and any(isinstance(one, dict) and one.get("controller") is True for one in owners)


def _settled(texts: Sequence[Text], objects: Sequence[Object], judge: Judge) -> tuple[Settled, list[Text]]:
    """Patches that can be written as they are meant; each that cannot is refused, and the others settled anew."""
    cut = [parts(one.text) for one in texts]
    closed = dict(_closed(objects, cut))
    refused: dict[Key, str] = {}
    while True:
        settled = settle(judge, [one.value for one in objects], closed, refused)
        by_part: dict[tuple[int, int], list[Step]] = {}
        for step in settled.steps:
            one = objects[step.index]
            by_part.setdefault((one.text, one.origin.part), []).append(step)
        after = [list(one) for one in cut]
        more: dict[Key, str] = {}
        for (text, part), steps in by_part.items():
            after[text][part], obstacles = _written(cut[text][part], objects, steps)
            more |= obstacles
        if not more:
            return settled, [Text(one.name, "".join(new)) for one, new in zip(texts, after, strict=True)]
        refused |= more


def _closed(objects: Sequence[Object], cut: Sequence[Sequence[str]]) -> Any:  # noqa: ANN401
    """Objects that are not to be changed at all."""
    for index, one in enumerate(objects):
        if "{{" in cut[one.text][one.origin.part]:
            yield index, TEMPLATE
        elif partial := part_of_an_object(one.value):
            yield index, partial


def _written(text: str, objects: Sequence[Object], steps: Sequence[Step]) -> tuple[str, Mapping[Key, str]]:
    """The text with the patches, or those that stand in the way."""
    try:
        old = values(text)
        new = list(old)
        for step in steps:
            origin = objects[step.index].origin
            for place, patch in step.edits:
                new[origin.index] = patched_at(new[origin.index], (*origin.path, *place), patch)
        return rewritten(text, old, new), {}
    except (Refused, RecursionError, yaml.YAMLError) as error:
        reason = str(error) if isinstance(error, Refused) else "it is nested too deep"
        if len(steps) == 1:
            return text, {steps[0].key: reason}
    half = len(steps) // 2
    obstacles = {**_written(text, objects, steps[:half])[1], **_written(text, objects, steps[half:])[1]}
    # Where each half can be written but not both, nothing tells which of them is right.
    return text, obstacles or {step.key: reason for step in steps}

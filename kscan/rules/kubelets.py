"""Kubelets: the settings that they run with, their flags, and nodes that are set otherwise than most."""

from collections.abc import Iterator, Mapping, Sequence
from posixpath import basename, dirname
from typing import Any

from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Unsure
from kscan.model.nodes import UNVERIFIED, VERIFIED, Group
from kscan.model.platform import Platform
from kscan.model.words import listed
from kscan.rules.conditions import clauses, written
from kscan.rules.node_settings import judged, noted, ref_of, shortened
from kscan.rules.rule import rule
from kscan.views.kubelets import KUBELET_FLAGS, KUBELETS, SILENT
from kscan.views.platform import PLATFORM

_PLACE = "kubeletconfig."
_OWN = ("kubelet.crt", "kubelet.key")
_MOST_FIELDS, _MOST_KINDS = 8, 5
_NOTHING = "nothing"
Settings = Mapping[str, Any]


@rule("kubelets.setting", "kubelets", KUBELETS, more=(PLATFORM,), of_running=True)
def setting(groups: Sequence[Group], platform: Platform | None, *, wants: Sequence[object], message: str) -> Judgements:
    """What the configuration in force must be."""
    yield from _of_providers(groups, platform)
    yield from judged(groups, clauses("kubelets.setting", wants), message, _PLACE)


@rule("kubelets.flag", "kubelets", KUBELET_FLAGS, more=(PLATFORM,), of_running=True)
def flag(groups: Sequence[Group], platform: Platform | None, *, wants: Sequence[object], message: str) -> Judgements:
    """What the flags must be that kubelets do not keep in their configuration."""
    yield from _of_providers(groups, platform)
    yield from judged(groups, clauses("kubelets.flag", wants), message, "--")


@rule("kubelets.serving_certificate", "kubelets", KUBELETS, more=(PLATFORM,), of_running=True)
def serving_certificate(groups: Sequence[Group], platform: Platform | None, *, message: str) -> Judgements:
    """A certificate that others can verify; a kubelet that is given none makes one, and names it like any other."""
    yield from _of_providers(groups, platform)
    alike: dict[tuple[bool, str], list[Group]] = {}
    for group in groups:
        alike.setdefault(_certificate(group), []).append(group)
    for (good, why), found in sorted(alike.items()):
        nodes = tuple(sorted(node for group in found for node in group.nodes))
        ref, said = ref_of(nodes, f"with {why}"), f"{why} ({found[0].channel})"
        value = said.removeprefix("tlsCertFile=")
        yield (
            Fine(ref, said, objects=len(nodes))
            if good
            else Problem(ref, message, path=f"{_PLACE}tlsCertFile", value=value, notes=noted(nodes), objects=len(nodes))
        )


def _of_providers(groups: Sequence[Group], platform: Platform | None) -> Judgements:
    if platform and platform.provided and not groups:
        names = listed(sorted(set(platform.provided.values())))
        yield Moot(f"every node is run by its provider, with its kubelet: {names}")


def _certificate(group: Group) -> tuple[bool, str]:
    """Whether the certificate is one to trust, and by what it is known."""
    told = group.settings
    certificate, key = str(told.get("tlsCertFile") or ""), str(told.get("tlsPrivateKeyFile") or "")
    if group.channel.endswith(VERIFIED):
        return True, "a certificate that was verified when the kubelet was asked"
    if told.get("serverTLSBootstrap") is True:
        return True, "serverTLSBootstrap"
    if group.channel.endswith(UNVERIFIED):
        return False, "a certificate that could not be verified when the kubelet was asked"
    if not (certificate and key):
        return False, "no certificate given"
    if (basename(certificate), basename(key)) == _OWN and dirname(certificate) == dirname(key):
        return False, f"tlsCertFile={certificate}, which is what a kubelet makes for itself"
    return True, f"tlsCertFile={certificate}"


@rule("kubelets.differ", "kubelets", KUBELETS, SILENT, more=(PLATFORM,), of_running=True)
def differ(
    groups: Sequence[Group], silent: int | None, platform: Platform | None, *, apart_from: Sequence[str], message: str
) -> Judgements:
    """Nodes whose kubelets are set otherwise than most of the same version and operating system."""
    yield from _of_providers(groups, platform)
    builds: dict[str, list[Group]] = {}
    for group in groups:
        builds.setdefault(group.build, []).append(group)
    for build, found in sorted(builds.items()):
        yield from _differing(build, found, silent, apart_from, message)


def _differing(
    build: str, groups: Sequence[Group], silent: int | None, apart_from: Sequence[str], message: str
) -> Iterator[Judgement]:
    found: dict[str, tuple[Settings, list[str]]] = {}
    for group in groups:
        kept: Settings = {field: value for field, value in group.settings.items() if field not in apart_from}
        found.setdefault(written(kept), (kept, []))[1].extend(group.nodes)
    kinds = sorted(((settings, tuple(sorted(nodes))) for settings, nodes in found.values()), key=_largest)
    usual, most = kinds[0]
    told = sum(len(nodes) for _, nodes in kinds)
    if 2 * len(most) <= told:
        yield from _without_most(build, kinds)
        return
    if len(kinds) > 1 and (silent is None or 2 * len(most) <= told + silent):
        open_ = "what most nodes are set to, those decide that did not answer"
        yield Unsure(ref_of(most, f"of {build}"), open_, objects=told)
        return
    yield Fine(ref_of(most, f"of {build}"), f"the same settings on {len(most):,} of {build}", len(most))
    for settings, nodes in kinds[1:]:
        fields = _differences(usual, settings)
        lines = (f"{one}: {mine}; most have {others}" for one, (others, mine) in list(fields.items())[:_MOST_FIELDS])
        more = (f"and {len(fields) - _MOST_FIELDS} more settings",) if len(fields) > _MOST_FIELDS else ()
        first, (_, value) = next(iter(fields.items()))
        yield Problem(
            ref_of(nodes, f"with {_told(fields)}"),
            f"{message} of {build}",
            path=f"{_PLACE}{first}",
            value=value,
            notes=(*noted(nodes), *lines, *more),
            objects=len(nodes),
        )


def _without_most(build: str, kinds: Sequence[tuple[Settings, tuple[str, ...]]]) -> Iterator[Judgement]:
    """Where no settings are those of most nodes, as with several pools, none is odd: what parts them is told."""
    for number, (settings, nodes) in enumerate(kinds):
        parted = _told(_differences(kinds[0 if number else 1][0], settings)) if number < _MOST_KINDS else ""
        fact = f"{len(nodes):,} of {len(kinds):,} kinds of {build}: {parted}" if parted else ""
        yield Fine(ref_of(nodes, f"with {parted}"), fact, len(nodes))


def _largest(kind: tuple[Settings, tuple[str, ...]]) -> tuple[object, ...]:
    return -len(kind[1]), kind[1]


def _differences(usual: Settings, settings: Settings) -> dict[str, tuple[str, str]]:
    """The settings in which two kinds differ, with the value of each."""
    parts = [field for field in {*usual, *settings} if usual.get(field) != settings.get(field)]
    one, other = (dict(_leaves({field: kind[field] for field in parts if field in kind})) for kind in (usual, settings))
    names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    return {name: (one.get(name, _NOTHING), other.get(name, _NOTHING)) for name in names}


def _told(fields: Mapping[str, tuple[str, str]]) -> str:
    return ", ".join(f"{name}={value}" for name, (_, value) in fields.items())


def _leaves(value: Settings, path: str = "") -> Iterator[tuple[str, str]]:
    """Each setting with its full name, as text."""
    for key, one in value.items():
        if isinstance(one, dict) and one:
            yield from _leaves(one, f"{path}{key}.")
        else:
            yield f"{path}{key}", shortened(written(one))

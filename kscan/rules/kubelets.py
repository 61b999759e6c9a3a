"""Kubelets: the settings that they run with, their flags, and nodes that are set otherwise than most."""

from collections.abc import Iterator, Mapping, Sequence
from posixpath import basename, dirname
from typing import Any

from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem
from kscan.model.nodes import UNVERIFIED, VERIFIED, Group
from kscan.model.platform import Platform
from kscan.model.words import listed
from kscan.rules.conditions import clauses, written
from kscan.rules.node_settings import judged, noted, ref_of, shortened
from kscan.rules.rule import rule
from kscan.views.kubelets import KUBELET_FLAGS, KUBELETS
from kscan.views.platform import PLATFORM

_PLACE = "kubeletconfig."
_OWN = ("kubelet.crt", "kubelet.key")
_MOST_FIELDS = 8


@rule("kubelets.setting", "kubelets", KUBELETS, more=(PLATFORM,))
def setting(groups: Sequence[Group], platform: Platform | None, *, wants: Sequence[object], message: str) -> Judgements:
    """What the configuration in force must be."""
    yield from _of_providers(groups, platform)
    yield from judged(groups, clauses("kubelets.setting", wants), message, _PLACE)


@rule("kubelets.flag", "kubelets", KUBELET_FLAGS, more=(PLATFORM,))
def flag(groups: Sequence[Group], platform: Platform | None, *, wants: Sequence[object], message: str) -> Judgements:
    """What the flags must be that kubelets do not keep in their configuration."""
    yield from _of_providers(groups, platform)
    yield from judged(groups, clauses("kubelets.flag", wants), message, "--")


@rule("kubelets.serving_certificate", "kubelets", KUBELETS, more=(PLATFORM,))
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


@rule("kubelets.differ", "kubelets", KUBELETS, more=(PLATFORM,))
def differ(
    groups: Sequence[Group], platform: Platform | None, *, apart_from: Sequence[str], message: str
) -> Judgements:
    """Nodes whose kubelets are set otherwise than most of the same version and operating system."""
    yield from _of_providers(groups, platform)
    builds: dict[str, list[Group]] = {}
    for group in groups:
        builds.setdefault(group.build, []).append(group)
    for build, found in sorted(builds.items()):
        yield from _differing(build, found, apart_from, message)


def _differing(build: str, groups: Sequence[Group], apart_from: Sequence[str], message: str) -> Iterator[Judgement]:
    kinds: dict[str, tuple[Mapping[str, str], list[str]]] = {}
    for group in groups:
        flat = dict(_leaves(group.settings, apart_from))
        kinds.setdefault(written(flat), (flat, []))[1].extend(group.nodes)
    most, usual = max(kinds.values(), key=lambda kind: (len(kind[1]), sorted(kind[1])))
    for settings, nodes in kinds.values():
        found = tuple(sorted(nodes))
        if settings is most:
            yield Fine(ref_of(found, f"of {build}"), f"the same settings on {len(usual):,} of {build}", len(found))
            continue
        fields = [one for one in sorted({*most, *settings}) if most.get(one) != settings.get(one)]
        lines = (f"{one}: {_said(settings, one)}; most have {_said(most, one)}" for one in fields[:_MOST_FIELDS])
        more = (f"and {len(fields) - _MOST_FIELDS} more settings",) if len(fields) > _MOST_FIELDS else ()
        what = ", ".join(f"{one}={_said(settings, one)}" for one in fields)
        yield Problem(
            ref_of(found, f"with {what}"),
            f"{message} of {build}",
            path=f"{_PLACE}{fields[0]}",
            value=_said(settings, fields[0]),
            notes=(*noted(found), *lines, *more),
            objects=len(found),
        )


def _said(settings: Mapping[str, str], field: str) -> str:
    return shortened(settings.get(field, "nothing"))


def _leaves(value: Mapping[str, Any], apart_from: Sequence[str], path: str = "") -> Iterator[tuple[str, str]]:
    """Each setting with its full name, as text."""
    for key, one in value.items():
        name = f"{path}{key}"
        if name in apart_from:
            continue
        if isinstance(one, dict):
            yield from _leaves(one, apart_from, f"{name}.")
        else:
            yield name, written(one)

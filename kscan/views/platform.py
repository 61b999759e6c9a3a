"""Which platform runs the cluster, by signs that the API shows."""

from functools import lru_cache

import msgspec

from kscan import data
from kscan.documents import documents_in
from kscan.errors import CheckError
from kscan.model.base import decode
from kscan.model.meta import Meta
from kscan.model.nodes import Node
from kscan.model.platform import Labels, Platform, Profiles, Seen, detect, told
from kscan.snapshot import kinds
from kscan.snapshot.entry import Body, Gap, Reason
from kscan.snapshot.needs import Named
from kscan.views.groups import GROUPS
from kscan.views.server import VERSION, told_version
from kscan.views.view import Readings, Source, View

KUBEADM = Named(kinds.CONFIG_MAPS, "kubeadm-config", "kube-system")
KUBE_PROXY = Named(kinds.DAEMON_SETS, "kube-proxy", "kube-system")
# What can be a sign only where it is there: that it is not, or may not be read, says nothing.
_OBJECTS = (KUBEADM, KUBE_PROXY)
_SIGNS = (VERSION, kinds.NODES, *GROUPS.needs, *_OBJECTS)


@lru_cache
def profiles() -> Profiles:
    """What is known of platforms."""
    path = data.folder("checks") / "shipped" / "platforms.yaml"
    return msgspec.convert(next(documents_in(path, CheckError)), Profiles)


def _seen(source: Source) -> Seen:
    version = told_version(source)
    if not version:
        source.missed(Gap(VERSION.path(), Reason.NOT_ASKED))
    return Seen(
        version=version,
        nodes=tuple(source.nouns(kinds.NODES, Node)),
        groups=source.weighed(GROUPS, because="a group is a sign only where it is there"),
        objects={f"{one.resource.kind} {one.namespace}/{one.name}": labels
                 for one in _OBJECTS if (labels := _labels(source, one)) is not None},
    )  # fmt: skip


def _labels(source: Source, need: Named) -> Labels | None:
    found = source.get(need, because="it is a sign only where it is there")
    try:
        return decode(found.content, Meta).metadata.labels if isinstance(found, Body) else None
    except msgspec.MsgspecError:
        return None


def _build(source: Source) -> Platform:
    if source.about.manifests:
        return Platform()
    found = detect(profiles(), source.of(SEEN))
    if not found.name and source.gaps:
        return msgspec.structs.replace(found, unseen=f"{source.gaps[0].path}: {source.gaps[0].reason}")
    source.weigh(*source.gaps, because="a sign shows what it is")
    return found


SEEN: View[Seen] = View("signs of a platform", _SIGNS, _seen)
# Known where a sign shows; where none does, what could not be read may hold it.
PLATFORM: View[Platform] = View("platform", _SIGNS, _build)


def _has_aws_auth(source: Source) -> bool:
    found = source.get(_AWS_AUTH, because="whether it is there is the question", only=(Reason.NOT_SERVED,))
    return isinstance(found, Body)


_AWS_AUTH = Named(kinds.CONFIG_MAPS, "aws-auth", "kube-system")
# Whether the ConfigMap is there that lets identities of AWS in.
AWS_AUTH: View[bool] = View("aws-auth", (_AWS_AUTH,), _has_aws_auth)


def as_told(readings: Readings, name: str) -> Readings:
    """The readings of a cluster of which somebody says what it is."""
    return readings.given(PLATFORM, told(profiles(), readings.of(SEEN).value, name))

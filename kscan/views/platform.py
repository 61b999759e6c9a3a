"""Which platform runs the cluster, by signs that the API shows."""

from functools import lru_cache

import msgspec

from kscan import data
from kscan.documents import documents_in
from kscan.errors import CheckError
from kscan.model import signs
from kscan.model.base import decode
from kscan.model.meta import Meta
from kscan.model.nodes import Node
from kscan.model.platform import Platform, Profiles, detect, told
from kscan.model.signs import Labels, Seen
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
    before = len(source.gaps)
    nodes = tuple(source.nouns(kinds.NODES, Node))
    labels = {f"{one.resource.kind} {one.namespace}/{one.name}": _labels(source, one) for one in _OBJECTS}
    missing = {
        signs.VERSION: not version,
        signs.NODES: len(source.gaps) > before,
        signs.GROUPS: not source.whole(GROUPS),
        **{name: isinstance(one, Gap) and one.reason is not Reason.NOT_SERVED for name, one in labels.items()},
    }
    return Seen(
        version=version,
        nodes=nodes,
        groups=source.weighed(GROUPS, because="what is not told leaves open which platform it may be"),
        objects={name: found for name, found in labels.items() if not isinstance(found, Gap)},
        unread=frozenset(name for name, unread in missing.items() if unread),
    )


def _labels(source: Source, one: Named) -> Labels | Gap:
    """The labels of an object, or why they are not known."""
    found = source.get(one, because="what is not told leaves open which platform it may be")
    if isinstance(found, Gap):
        return found
    try:
        return decode(found.content, Meta).metadata.labels
    except msgspec.MsgspecError as error:
        return Gap(one.path(), Reason.UNDECODABLE, str(error))


def _build(source: Source) -> Platform:
    if source.about.manifests:
        return Platform()
    found = detect(profiles(), source.of(SEEN))
    if source.gaps and (found.hinted or not found.name):
        unseen = found.unseen or f"{source.gaps[0].path}: {source.gaps[0].reason}"
        return msgspec.structs.replace(found, unseen=unseen)
    source.weigh(*source.gaps, because="a sign that is the owner's shows what it is")
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

"""Control-plane components, read from whichever channel exists: /flagz, static pods, kubeadm's ConfigMap."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.documents import documents
from kscan.errors import SnapshotError
from kscan.model.base import read_json
from kscan.model.components import Component, Instance, version
from kscan.model.mirrors import looking_alike
from kscan.model.platform import Platform
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import Plain
from kscan.views.answers import Question
from kscan.views.distributions import TELLING, etcd_elsewhere, from_distribution, needs_of
from kscan.views.flagz import READERS
from kscan.views.platform import KUBEADM, PLATFORM
from kscan.views.server import told_version
from kscan.views.static_pods import STATIC_PODS
from kscan.views.view import Source, View

FLAGZ = Plain("/flagz", "application/json;v=v1beta1;g=config.k8s.io;as=Flagz, text/plain;q=0.5, */*;q=0.1")
_FLAGZ = Question(FLAGZ, READERS)
ANSWERED = "the API server that answered"
_KUBEADM_KEYS = {
    "kube-apiserver": "apiServer",
    "kube-controller-manager": "controllerManager",
    "kube-scheduler": "scheduler",
    "etcd": "etcd",
}


def component(name: str) -> View[Component]:
    """The view of one component; gaps count only where no channel told its settings whole."""

    def build(source: Source) -> Component:
        platform = source.weighed(PLATFORM, because="where nobody is known to own it, its pods and flags have to tell")
        shown = source.of(STATIC_PODS)[name]
        pods = shown.instances
        # Where pods could not all be read, there may be instances that nobody saw, whatever else is told.
        unseen = source.gaps
        # A pod that is seen is nobody else's, whatever the signs of a platform say, and so is a server that tells its
        # flags: labels are free to take.
        if name in platform.owned and not pods and (platform.sure or not _answers(source, name)):
            return Component(name, (), owner=platform.owner, strangers=shown.strangers)
        instances = tuple(_instances(source, name, platform, pods))
        # What the platform itself tells has no other channel; a flag that it does not name stays undecided.
        if any(instance.complete for instance in instances) or (instances and not pods and platform.name in TELLING):
            others = (gap for gap in source.gaps if gap not in unseen)
            source.weigh(*others, because="one channel told all its flags")
        hidden = "" if instances else _hidden(source, name, platform, shown.strangers)
        return Component(name, instances, hidden=hidden, strangers=shown.strangers)

    needs = (*PLATFORM.needs, *STATIC_PODS.needs, *needs_of(name))
    return View(name, (*needs, FLAGZ) if name == "kube-apiserver" else needs, build)


def _answers(source: Source, name: str) -> bool:
    """Whether a component tells its flags itself, of which nothing is known where it was asked and refused."""
    absent = (Reason.NOT_SERVED, Reason.NOT_ASKED)
    because = "who runs it is told by the platform's signs, and nothing says otherwise"
    return name == "kube-apiserver" and source.answer(_FLAGZ, because=because, only=absent) is not None


def _instances(source: Source, name: str, platform: Platform, pods: tuple[Instance, ...]) -> Iterator[Instance]:
    # /flagz is what runs, but of the one server that answered: with several, their pods tell more.
    flagz: list[Instance] = []
    if name == "kube-apiserver" and (len(pods) <= 1 or not all(pod.complete for pod in pods)):
        flagz = list(_flagz(source, pods[0].name if len(pods) == 1 else ANSWERED))
    if flagz and len(pods) <= 1:
        yield from flagz
    elif pods:
        yield from (*pods, *flagz)
    else:
        told = tuple(from_distribution(source, platform.name, name))
        yield from told or _from_kubeadm(source, name)


def _hidden(source: Source, name: str, platform: Platform, strangers: Sequence[str]) -> str:
    """Why nothing tells the flags, where nothing was refused; what manifests do not hold is no riddle."""
    known = platform.hidden.get(name) or _elsewhere(source, name)
    alike = f" ({looking_alike(strangers)})" if strangers else ""
    if known:
        source.weigh(*source.gaps, because="it is known where it runs, and that the API does not show it")
        return f"{known}{alike}"
    if source.about.manifests:
        return ""
    absent = (gap for gap in source.gaps if gap.reason is Reason.NOT_SERVED)
    source.weigh(
        *absent, because="a channel that is not there was not refused, and the component says that none tells it"
    )
    if source.gaps:
        return ""
    flagz = ", and the API server serves no /flagz" if name == "kube-apiserver" else ""
    return f"no pod in kube-system runs it{flagz}: the API does not show its flags{alike}"


def _flagz(source: Source, instance: str) -> Iterator[Instance]:
    flags = source.answer(_FLAGZ)
    told = version(told_version(source))
    if flags:
        plain = {name: _without_brackets(value) for name, value in flags.items()}
        yield Instance(instance, _as_given(plain), "/flagz", minor=told.minor if told else None)


def _without_brackets(value: str) -> str:
    """A list as it is given on a command line."""
    return value[1:-1] if value.startswith("[") and value.endswith("]") else value


def _as_given(flags: dict[str, str]) -> dict[str, str]:
    """The flags without the files that the API server filled in for itself, where it was given none."""
    certificate, key = flags.get("tls-cert-file", ""), flags.get("tls-private-key-file", "")
    own = f"{flags.get('cert-dir', '').rstrip('/')}/apiserver".removeprefix("./")
    filled = {"service-account-key-file": key}
    if (certificate, key) == (f"{own}.crt", f"{own}.key"):
        filled |= {"tls-cert-file": certificate, "tls-private-key-file": key}
    return {name: "" if value and filled.get(name) == value else value for name, value in flags.items()}


def _from_kubeadm(source: Source, name: str) -> Iterator[Instance]:
    """What kubeadm was told: only what it names is known, for kubeadm adds flags of its own."""
    told = _kubeadm(source).get(_KUBEADM_KEYS[name])
    told = told.get("local") if name == "etcd" and isinstance(told, dict) else told
    extra = told.get("extraArgs") if isinstance(told, dict) else None
    if isinstance(extra, list):
        extra = {one.get("name"): one.get("value") for one in extra if isinstance(one, dict)}
    if isinstance(extra, dict):
        flags = {str(flag): str(value) for flag, value in extra.items()}
        yield Instance(name, flags, "ConfigMap kube-system/kubeadm-config", complete=False)


def _kubeadm(source: Source) -> Mapping[str, Any]:
    """The ClusterConfiguration; empty where there is none."""
    found = source.get(KUBEADM)
    if isinstance(found, Gap):
        return {}
    try:
        text = read_json(found.content, dict[str, Any])["data"]["ClusterConfiguration"]
        configuration = next(documents(text, "ClusterConfiguration", SnapshotError))
    except (msgspec.MsgspecError, KeyError, TypeError, StopIteration, SnapshotError):
        return {}
    return configuration if isinstance(configuration, dict) else {}


def _elsewhere(source: Source, name: str) -> str:
    """Why no copy of a component is seen, where others tell it."""
    if name != "etcd":
        return ""
    servers = source.of(STATIC_PODS)["kube-apiserver"].instances
    return etcd_elsewhere((one.flags for one in servers), _kubeadm(source))


API_SERVER = component("kube-apiserver")
CONTROLLER_MANAGER = component("kube-controller-manager")
SCHEDULER = component("kube-scheduler")
ETCD = component("etcd")

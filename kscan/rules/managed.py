"""What the benchmarks of managed platforms ask beyond those of Kubernetes, as far as the cluster's API answers it.

Each rule is given `platforms`: what it asks for on which platform. On others it says nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Review
from kscan.model.meta import Meta, ObjectRef
from kscan.model.namespaces import ServiceAccount
from kscan.model.network import Service
from kscan.model.nodes import Node
from kscan.model.words import counted, listed
from kscan.rules.rule import Rule
from kscan.views.objects import DAEMON_SETS, NODES, SERVICE_ACCOUNTS, SERVICES
from kscan.views.platform import AWS_AUTH, PLATFORM
from kscan.views.view import View

_NODES, _IDENTITIES = ObjectRef("Cluster", "nodes"), ObjectRef("Cluster", "identities in the cloud")
_BALANCERS = ObjectRef("Cluster", "load balancers")
_AWS_AUTH = ObjectRef("ConfigMap", "aws-auth", "kube-system")


def _managed(
    name: str, scope: str, view: View[Any], *, absence: bool = False
) -> Callable[[Callable[..., Judgements]], Rule]:
    """Make a rule of the function below, which is given the view and what is asked for on this platform.

    Where it finds what is absent, nothing is found while the view has a gap.
    """

    def made(run: Callable[..., Judgements]) -> Rule:
        def judged(first: Any, second: Any, *, platforms: Mapping[str, Any], **params: str) -> Judgements:  # noqa: ANN401
            platform, found = (first, second) if absence else (second, first)
            if platform.name not in platforms:
                reason = f"it is about {listed(sorted(platforms))}, and the platform here is {platform}"
                # What is context was read whole.
                return [Moot(reason, surely=not absence)]
            return run(found, platforms[platform.name], **params)

        views = (PLATFORM, view) if absence else (view, PLATFORM)
        return Rule(f"managed.{name}", scope, views, judged, of_cluster=True)

    return made


def _split(label: str) -> tuple[str, str]:
    key, _, value = label.partition("=")
    return key, value


@_managed("nodes", "nodes", NODES)
def nodes(found: Iterable[Node], label: str, *, message: str) -> Iterator[Judgement]:
    """Linux nodes without the label KEY=VALUE that says what they should be."""
    key, wanted = _split(label)
    for node in found:
        labels = node.metadata.labels
        if labels.get("kubernetes.io/os") == "windows":
            continue
        if labels.get(key) == wanted:
            yield Fine(node.ref, f"label {label}")
        else:
            yield Problem(node.ref, message, path=f"metadata.labels.{key}", value=labels.get(key))


@_managed("labelled_nodes", "nodes", NODES)
def labelled_nodes(found: Sequence[Node], label: str, *, message: str) -> Iterator[Judgement]:
    """How many nodes have a label, for a person to judge."""
    key, wanted = _split(label)
    names = sorted(node.metadata.name for node in found if node.metadata.labels.get(key) == wanted)
    if found:
        yield Review(_NODES, f"{len(names)} of {len(found)} nodes {message}" + (f": {listed(names)}" if names else ""))


@_managed("addresses", "nodes", NODES)
def addresses(found: Iterable[Node], kind: str, *, message: str) -> Iterator[Judgement]:
    """Nodes with an address of the kind that the internet reaches."""
    for node in found:
        public = [one.address for one in node.status.addresses if one.type == kind and one.address]
        if public:
            yield Problem(node.ref, message, path=f"status.addresses[{kind}]", value=listed(public))
        else:
            yield Fine(node.ref, f"it reports no address of type {kind}")


@_managed("agents", "agents of the provider", DAEMON_SETS, absence=True)
def agents(found: Iterable[Meta], names: Sequence[str], *, message: str) -> Iterator[Judgement]:
    """DaemonSets of kube-system that the provider installs where a feature is on."""
    present = {one.metadata.name for one in found if one.metadata.namespace == "kube-system"}
    for name in names:
        ref = ObjectRef("DaemonSet", name, "kube-system", group="apps")
        yield Fine(ref, "it is there") if name in present else Problem(ref, message)


@_managed("identities", "service accounts", SERVICE_ACCOUNTS)
def identities(accounts: Sequence[ServiceAccount], annotation: str) -> Iterator[Judgement]:
    """Which service accounts have identities of their own in the cloud, for a person to judge the others."""
    own = sorted(str(one.ref) for one in accounts if annotation in one.metadata.annotations)
    if accounts:
        fact = f"{len(own)} of {counted(len(accounts), 'service account')} with the annotation {annotation}"
        yield Review(_IDENTITIES, fact + (f": {listed(own)}" if own else ""))


@_managed("load_balancers", "load balancers of services", SERVICES)
def load_balancers(services: Iterable[Service], annotation: str) -> Iterator[Judgement]:
    """Load balancers of services without a certificate; those of ingresses and gateways a person must see."""
    own = 0
    for service in services:
        if service.spec.type == "LoadBalancer":
            ref = service.ref
            if annotation and annotation in service.metadata.annotations:
                own += 1
            else:
                yield Review(ref, "it passes on what comes: look whether its pods speak TLS")
    shown = f"{own} services have the annotation {annotation}" if annotation else "services tell no certificate here"
    yield Review(_BALANCERS, f"{shown}; look at the load balancers of ingresses and gateways too")


@_managed("aws_auth", "clusters", AWS_AUTH)
def aws_auth(there: bool, name: str) -> Iterator[Judgement]:
    """Whether people come in by the ConfigMap that access entries replace."""
    if there:
        yield Review(_AWS_AUTH, "it is there: see who comes in by it")
    else:
        yield Review(_AWS_AUTH, f"there is no ConfigMap kube-system/{name}: nobody comes in by it until one is made")

"""What keeps programs running while nodes come and go."""

from collections.abc import Iterable, Mapping

import msgspec

from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Unsure
from kscan.model.availability import Budget, Placement, share
from kscan.model.base import decode
from kscan.model.controllers import Controller
from kscan.model.kinds import meant
from kscan.model.meta import ObjectRef
from kscan.model.network import Service
from kscan.model.pods import MIRROR
from kscan.model.words import listed
from kscan.model.workloads import Workload
from kscan.rules.rule import rule
from kscan.views.controllers import CONTROLLERS
from kscan.views.objects import BUDGETS, SERVICES
from kscan.views.scaling import SCALED, Scaled
from kscan.views.selectable import SELECTABLE, Selectable
from kscan.views.server import MANIFESTS
from kscan.views.workloads import WORKLOADS


@rule("availability.replicas", "controllers", SCALED)
def replicas(found: Iterable[Scaled], *, fewest: int) -> Judgements:
    """Programs that run in fewer pods than they should; what is scaled to none, or by itself, is left alone."""
    for one in found:
        if one.autoscaler is None and 0 < one.replicas < fewest:
            words = "one pod" if one.replicas == 1 else f"{one.replicas} pods"
            yield Problem(one.ref, f"runs in {words}", path="spec.replicas", value=one.controller.spec.replicas)
        else:
            yield Fine(one.ref)


@rule("availability.static_replicas", "controllers", SCALED, MANIFESTS)
def static_replicas(found: Iterable[Scaled], manifests: bool) -> Judgements:
    """Manifests that set a number which an autoscaler sets too; in a cluster the number is always set."""
    for one in found:
        if not manifests:
            yield Moot("in a cluster the number is the autoscaler's own")
        elif one.autoscaler and one.controller.spec.replicas is not None:
            yield Problem(one.ref, f"says how many pods, which {one.autoscaler.ref} does too",
                          path="spec.replicas", value=one.controller.spec.replicas)  # fmt: skip
        else:
            yield Fine(one.ref)


@rule("availability.spread", "controllers", SCALED)
def spread(found: Iterable[Scaled]) -> Judgements:
    """Programs of several pods, of which nothing says that they should not all run on one node."""
    for one in found:
        try:
            placement = decode(bytes(one.controller.template.spec), Placement)
        except msgspec.MsgspecError as error:
            yield Unsure(one.ref, f"where its pods may run cannot be read: {error}")
            continue
        if one.most < 2 or any(term.parts(one.ref.namespace, one.labels) for term in placement.terms):
            yield Fine(one.ref)
        else:
            yield Problem(one.ref, "may have all its pods on one node", path="spec.template.spec.affinity")


@rule("availability.without_budget", "controllers", SCALED, BUDGETS, MANIFESTS)
def without_budget(found: Iterable[Scaled], budgets: Iterable[Budget], manifests: bool) -> Judgements:
    """Programs of several pods, all of which may be evicted at once."""
    known = list(budgets)
    for one in found:
        if one.fewest < 2 or any(budget.selects(one.ref.namespace, one.labels) for budget in known):
            yield Fine(one.ref)
        elif manifests:
            yield Unsure(one.ref, "no disruption budget in the manifests selects it; one in the cluster may")
        else:
            yield Problem(one.ref, "may lose all its pods at once when nodes are drained")


@rule("availability.several_budgets", "workloads", SELECTABLE, BUDGETS, of_cluster=True)
def several_budgets(pods: Iterable[Selectable], budgets: Iterable[Budget]) -> Judgements:
    """Pods that several budgets select: the API server then evicts none of them."""
    known = list(budgets)
    for one in pods:
        names = sorted({budget.ref.name for budget in known if budget.selects(one.owner.namespace, one.labels)})
        if len(names) > 1:
            yield Problem(one.owner, f"cannot be evicted, for several disruption budgets select it: {listed(names)}")
        else:
            yield Fine(one.owner)


@rule("availability.blocking_budget", "pod disruption budgets", BUDGETS, SCALED)
def blocking_budget(budgets: Iterable[Budget], found: Iterable[Scaled]) -> Judgements:
    """Budgets that want as many pods as there are when there are fewest."""
    known = list(found)
    for budget in budgets:
        yield _blocking(budget, [one for one in known if budget.selects(one.ref.namespace, one.labels)])


def _blocking(budget: Budget, chosen: Iterable[Scaled]) -> Judgement:
    chosen = list(chosen)
    expected = sum(one.fewest for one in chosen)
    wanted = None if budget.spec.min_available is None else share(budget.spec.min_available, expected)
    if not expected or not wanted or wanted < expected:
        return Fine(budget.ref)
    names = listed([f"{one.ref.kind} {one.ref.name}" for one in chosen])
    words = (
        f"lets no pod go while there are {expected} of {names}"
        if expected > 1
        else f"never lets the one pod of {names} go"
    )
    return Problem(budget.ref, words, path="spec.minAvailable", value=budget.spec.min_available)


@rule("availability.headless_service", "stateful sets", CONTROLLERS, SERVICES, MANIFESTS)
def headless_service(
    controllers: Mapping[ObjectRef, Controller], services: Iterable[Service], manifests: bool
) -> Judgements:
    """Stateful sets whose service is not there, or gives their pods no names of their own."""
    known = {(one.metadata.namespace, one.metadata.name): one.spec for one in services}
    for ref, controller in controllers.items():
        name = controller.spec.service_name
        if ref.kind != "StatefulSet" or not name:
            continue
        service = known.get((ref.namespace, name))
        labels = controller.template.metadata.labels
        if service is None:
            what = f"names its pods by Service {name}, which"
            yield (Unsure(ref, f"{what} is not in the manifests; it may be in the cluster") if manifests else
                   Problem(ref, f"{what} does not exist", path="spec.serviceName", value=name))  # fmt: skip
        elif service.cluster_ip != "None":
            words = f"names its pods by Service {name}, which is not headless"
            yield Problem(ref, words, path="spec.serviceName", value=name)
        elif service.selector and not service.selector.items() <= labels.items():
            words = f"names its pods by Service {name}, which does not select them"
            yield Problem(ref, words, path="spec.serviceName", value=name)
        else:
            yield Fine(ref)


@rule("availability.bare_pods", "workloads", WORKLOADS)
def bare_pods(workloads: Iterable[Workload]) -> Judgements:
    """Pods that nobody makes again when their node goes; static pods are their node's own."""
    for workload in workloads:
        static = any(MIRROR in group.pod.get("metadata", {}).get("annotations", {}) for group in workload.groups)
        if workload.ref.group_kind != meant("Pod") or static:
            yield Fine(workload.ref)
        else:
            yield Problem(workload.ref, "is made again by nobody when its node goes", pods=workload.pods)


@rule("availability.selector", "controllers", CONTROLLERS)
def selector(controllers: Mapping[ObjectRef, Controller]) -> Judgements:
    """Controllers that do not know the pods of their own template; jobs choose for themselves."""
    for ref, controller in controllers.items():
        chosen = controller.selector
        if ref.kind in ("Job", "CronJob") or chosen is None or chosen.matches(controller.template.metadata.labels):
            yield Fine(ref)
        else:
            yield Problem(ref, "does not select the pods that it makes", path="spec.selector", value=str(chosen))

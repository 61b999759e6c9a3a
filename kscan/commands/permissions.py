"""`kscan permissions`: the exact role that the selected checks need, derived from what they read."""

from collections.abc import Iterable
from typing import Any

import yaml

from kscan.collect.request import CLUSTER_IDENTITY, KubeletAccess
from kscan.snapshot.kinds import CONFIG_MAPS, NAMESPACES
from kscan.snapshot.needs import Named, Need, PerNode, Plain, Resource

# What every scan asks first. Kubernetes grants these to every account, unless somebody took them away.
_FIRST_URLS = ("/version", "/api", "/api/*", "/apis", "/apis/*")
_FIRST: tuple[dict[str, Any], ...] = (
    {"apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"]},
    {"nonResourceURLs": list(_FIRST_URLS), "verbs": ["get"]},
)
_NAME = "kscan"


def role(
    needs: Iterable[Need],
    namespaces: tuple[str, ...],
    kubelets: KubeletAccess,
    published: str = "",
    *,
    secret_metadata: bool = False,
) -> str:
    """The role as YAML: a ClusterRole, or a Role for each namespace; and one for where agents `published`."""
    asked = tuple(need for need in needs if secret_metadata or not (isinstance(need, Resource) and need.metadata_only))
    if namespaces:
        documents = [_document("Role", _namespaced_rules(asked, namespace), namespace) for namespace in namespaces]
    else:
        documents = [_document("ClusterRole", [*_FIRST, *_cluster_rules(asked, kubelets)])]
    if published and CONFIG_MAPS not in asked:
        documents.append(_document("Role", _lists([CONFIG_MAPS]), published))
    return yaml.safe_dump_all(documents, sort_keys=False, default_flow_style=None, width=110)


def _document(kind: str, rules: list[dict[str, Any]], namespace: str = "") -> dict[str, Any]:
    metadata = {"name": _NAME} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata, "rules": rules}


def _cluster_rules(needs: tuple[Need, ...], kubelets: KubeletAccess) -> list[dict[str, Any]]:
    listed = [need for need in needs if isinstance(need, Resource)]
    # Also of kinds that are listed: what is got by its name takes the verb get.
    named = [need for need in needs if isinstance(need, Named)]
    kubelet_parts = sorted({need.allowed_by for need in needs if isinstance(need, PerNode)})
    every = {need.url.partition("?")[0] for need in needs if isinstance(need, Plain)}
    urls = sorted(every.difference(_FIRST_URLS))
    rules = [*_lists(listed), *_gets([*named, CLUSTER_IDENTITY])]
    if kubelet_parts and kubelets in (KubeletAccess.AUTO, KubeletAccess.DIRECT):
        rules.append({"apiGroups": [""], "resources": kubelet_parts, "verbs": ["get"]})
    if kubelet_parts and kubelets is KubeletAccess.PROXY:
        rules.append({"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["get"]})
    return rules + ([{"nonResourceURLs": urls, "verbs": ["get"]}] if urls else [])


def _namespaced_rules(needs: tuple[Need, ...], namespace: str) -> list[dict[str, Any]]:
    listed = [need for need in needs if isinstance(need, Resource) and need.namespaced]
    named = [need for need in needs if isinstance(need, Named) and need.namespace == namespace]
    # A namespace itself is read in its own namespace, so that a Role can allow it.
    own = [Named(NAMESPACES, namespace)] if NAMESPACES in needs else []
    return [*_lists(listed), *_gets([*named, *own])]


def _lists(resources: list[Resource]) -> list[dict[str, Any]]:
    by_group: dict[str, list[str]] = {}
    for resource in resources:
        by_group.setdefault(resource.group, []).append(resource.plural)
    return [
        {"apiGroups": [group], "resources": sorted(plurals), "verbs": ["list"]}
        for group, plurals in sorted(by_group.items())
    ]


def _gets(named: Iterable[Named]) -> list[dict[str, Any]]:
    by_resource: dict[Resource, list[str]] = {}
    for need in named:
        by_resource.setdefault(need.resource, []).append(need.name)
    return [
        {"apiGroups": [one.group], "resources": [one.plural], "resourceNames": sorted(set(names)), "verbs": ["get"]}
        for one, names in sorted(by_resource.items())
    ]

"""Kinds of objects: an API group and a name, for two groups may have kinds of one name."""

import msgspec


class GroupKind(msgspec.Struct, frozen=True, order=True):
    """A kind, whole."""

    group: str
    kind: str


def _own(*kinds: str, group: str = "") -> dict[str, str]:
    return dict.fromkeys(kinds, group)


# What people mean who say the kind alone: Kubernetes' own kinds, those of policy engines, and what findings are about
# that is no object. Users and groups are none either: they are called as bindings name them.
_MEANT = {
    **_own("Pod", "Namespace", "Node", "Service", "ServiceAccount", "ConfigMap", "Secret", "Event", "Endpoints"),
    **_own("LimitRange", "ResourceQuota", "PersistentVolume", "PersistentVolumeClaim", "ReplicationController"),
    **_own("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ControllerRevision", group="apps"),
    **_own("Job", "CronJob", group="batch"),
    **_own("NetworkPolicy", "Ingress", "IngressClass", group="networking.k8s.io"),
    **_own("HorizontalPodAutoscaler", group="autoscaling"),
    **_own("PodDisruptionBudget", group="policy"),
    **_own("PriorityClass", group="scheduling.k8s.io"),
    **_own("StorageClass", group="storage.k8s.io"),
    **_own("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "User", "Group",
           group="rbac.authorization.k8s.io"),
    **_own("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy",
           "ValidatingAdmissionPolicyBinding",
           "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", group="admissionregistration.k8s.io"),
    **_own("CertificateSigningRequest", group="certificates.k8s.io"),
    **_own("APIService", group="apiregistration.k8s.io"),
    **_own("CustomResourceDefinition", group="apiextensions.k8s.io"),
    **_own("ConstraintTemplate", group="templates.gatekeeper.sh"),
    **_own("Config", group="config.gatekeeper.sh"),
    **_own("ClusterPolicy", "Policy", "PolicyException", group="kyverno.io"),
    **_own("ValidatingPolicy", group="policies.kyverno.io"),
    **_own("API", "Cluster", "Component", "Configuration", "Every node", "KMS", "Release", "Storage"),
}  # fmt: skip


def meant(kind: str) -> GroupKind:
    """The kind that people mean who say its name alone; of a name that is unknown, one of the core group."""
    return GroupKind(_MEANT.get(kind, ""), kind)


def of_version(api_version: str, kind: str) -> GroupKind:
    """The kind that an object names; one without a version, which no API server takes, means what people mean."""
    return GroupKind(api_version.rpartition("/")[0], kind) if api_version else meant(kind)


def spoken(group: str, kind: str) -> str:
    """A kind as people say it: with its group where the name alone would mean another."""
    return kind if _MEANT.get(kind, group) == group else f"{kind}.{group or 'core'}"

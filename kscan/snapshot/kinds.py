"""The kinds that Kubernetes ships, for objects that name a kind and not a path."""

import msgspec

from kscan.snapshot.needs import Resource, split_path

_CORE = ""
_CLUSTER = False
_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"

PODS = Resource(_CORE, "pods", "Pod", short="po")
SYSTEM_PODS = msgspec.structs.replace(PODS, within="kube-system")
NAMESPACES = Resource(_CORE, "namespaces", "Namespace", _CLUSTER, short="ns")
SERVICE_ACCOUNTS = Resource(_CORE, "serviceaccounts", "ServiceAccount", short="sa")
SERVICES = Resource(_CORE, "services", "Service", short="svc")
NODES = Resource(_CORE, "nodes", "Node", _CLUSTER, short="no")
CONFIG_MAPS = Resource(_CORE, "configmaps", "ConfigMap", short="cm")
LIMIT_RANGES = Resource(_CORE, "limitranges", "LimitRange", short="limits")
RESOURCE_QUOTAS = Resource(_CORE, "resourcequotas", "ResourceQuota", short="quota")
PERSISTENT_VOLUMES = Resource(_CORE, "persistentvolumes", "PersistentVolume", _CLUSTER, short="pv")
PERSISTENT_VOLUME_CLAIMS = Resource(_CORE, "persistentvolumeclaims", "PersistentVolumeClaim", short="pvc")
REPLICATION_CONTROLLERS = Resource(_CORE, "replicationcontrollers", "ReplicationController", short="rc")
DEPLOYMENTS = Resource("apps", "deployments", "Deployment", short="deploy")
REPLICA_SETS = Resource("apps", "replicasets", "ReplicaSet", short="rs")
DAEMON_SETS = Resource("apps", "daemonsets", "DaemonSet", short="ds")
STATEFUL_SETS = Resource("apps", "statefulsets", "StatefulSet", short="sts")
JOBS = Resource("batch", "jobs", "Job")
CRON_JOBS = Resource("batch", "cronjobs", "CronJob", short="cj")
NETWORK_POLICIES = Resource("networking.k8s.io", "networkpolicies", "NetworkPolicy", short="netpol")
INGRESSES = Resource("networking.k8s.io", "ingresses", "Ingress", short="ing")
HORIZONTAL_AUTOSCALERS = Resource(
    "autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler", versions=("v2", "v1"), short="hpa"
)
DISRUPTION_BUDGETS = Resource("policy", "poddisruptionbudgets", "PodDisruptionBudget", short="pdb")
PRIORITY_CLASSES = Resource("scheduling.k8s.io", "priorityclasses", "PriorityClass", _CLUSTER, short="pc")
STORAGE_CLASSES = Resource("storage.k8s.io", "storageclasses", "StorageClass", _CLUSTER, short="sc")
ROLES = Resource(_RBAC, "roles", "Role")
CLUSTER_ROLES = Resource(_RBAC, "clusterroles", "ClusterRole", _CLUSTER)
ROLE_BINDINGS = Resource(_RBAC, "rolebindings", "RoleBinding")
CLUSTER_ROLE_BINDINGS = Resource(_RBAC, "clusterrolebindings", "ClusterRoleBinding", _CLUSTER)
VALIDATING_WEBHOOKS = Resource(
    _ADMISSION, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", _CLUSTER
)
MUTATING_WEBHOOKS = Resource(_ADMISSION, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", _CLUSTER)
ADMISSION_POLICIES = Resource(
    _ADMISSION, "validatingadmissionpolicies", "ValidatingAdmissionPolicy", _CLUSTER, ("v1", "v1beta1"), optional=True
)
ADMISSION_BINDINGS = Resource(
    _ADMISSION,
    "validatingadmissionpolicybindings",
    "ValidatingAdmissionPolicyBinding",
    _CLUSTER,
    ("v1", "v1beta1"),
    optional=True,
)
MUTATING_POLICIES = Resource(
    _ADMISSION,
    "mutatingadmissionpolicies",
    "MutatingAdmissionPolicy",
    _CLUSTER,
    ("v1", "v1beta1", "v1alpha1"),
    optional=True,
)
MUTATING_BINDINGS = Resource(
    _ADMISSION,
    "mutatingadmissionpolicybindings",
    "MutatingAdmissionPolicyBinding",
    _CLUSTER,
    ("v1", "v1beta1", "v1alpha1"),
    optional=True,
)
# Each kind of constraint is made by a template; Gatekeeper's own configuration stands beside.
CONSTRAINTS = Resource("constraints.gatekeeper.sh", "*", "", _CLUSTER, ("v1beta1", "v1"), optional=True)
CONSTRAINT_TEMPLATES = Resource(
    "templates.gatekeeper.sh",
    "constrainttemplates",
    "ConstraintTemplate",
    _CLUSTER,
    ("v1", "v1beta1", "v1alpha1"),
    optional=True,
)
GATEKEEPER_CONFIGS = Resource("config.gatekeeper.sh", "configs", "Config", versions=("v1alpha1",), optional=True)
KYVERNO_CLUSTER_POLICIES = Resource(
    "kyverno.io", "clusterpolicies", "ClusterPolicy", _CLUSTER, ("v1", "v2beta1"), optional=True
)
KYVERNO_POLICIES = Resource("kyverno.io", "policies", "Policy", versions=("v1", "v2beta1"), optional=True)
KYVERNO_EXCEPTIONS = Resource(
    "kyverno.io", "policyexceptions", "PolicyException", versions=("v2", "v2beta1", "v2alpha1"), optional=True
)
KYVERNO_VALIDATING = Resource(
    "policies.kyverno.io",
    "validatingpolicies",
    "ValidatingPolicy",
    _CLUSTER,
    ("v1", "v1beta1", "v1alpha1"),
    optional=True,
)
KYVERNO_VALIDATING_EXCEPTIONS = Resource(
    "policies.kyverno.io",
    "policyexceptions",
    "PolicyException",
    versions=("v1", "v1beta1", "v1alpha1"),
    optional=True,
)
CERTIFICATE_REQUESTS = Resource(
    "certificates.k8s.io", "certificatesigningrequests", "CertificateSigningRequest", _CLUSTER, short="csr"
)
API_SERVICES = Resource("apiregistration.k8s.io", "apiservices", "APIService", _CLUSTER)
CUSTOM_RESOURCE_DEFINITIONS = Resource(
    "apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", _CLUSTER, short="crd"
)

KNOWN: tuple[Resource, ...] = tuple(
    value for value in dict(globals()).values() if isinstance(value, Resource) and not value.within
)
# Of secrets the metadata alone is read, and by one view.
_KINDS = {(one.group, one.plural): one.kind for one in KNOWN} | {(_CORE, "secrets"): "Secret"}


def kind_at(path: str) -> str:
    """The kind of the objects that a path lists; empty where it is none of these."""
    parts = split_path(path)
    return _KINDS.get((parts[0], parts[3]), "") if parts and not parts[4] else ""

"""What a component does where a flag is not given, by Kubernetes minor where that changed."""

from collections.abc import Mapping

# The newest minor whose programs were asked: what a later one does without a flag is not known.
NEWEST = 37
# Each value with the minor from which it holds, oldest first; 0 is any.
Since = tuple[tuple[int, str], ...]

_PLUGINS_OF_1_29 = (
    "CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction", "ClusterTrustBundleAttest",
    "DefaultIngressClass", "DefaultStorageClass", "DefaultTolerationSeconds", "LimitRanger", "MutatingAdmissionWebhook",
    "NamespaceLifecycle", "PersistentVolumeClaimResize", "PodSecurity", "Priority", "ResourceQuota", "RuntimeClass",
    "ServiceAccount", "StorageObjectInUseProtection", "TaintNodesByCondition", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
)  # fmt: skip
_PLUGINS_SINCE: Mapping[int, tuple[str, ...]] = {
    32: ("MutatingAdmissionPolicy",),
    33: ("PodTopologyLabels",),
    35: ("NodeDeclaredFeatureValidator",),
    36: ("JobValidation", "PodGroupProtection", "PodGroupWorkloadExists", "PodResizeValidator"),
}
_PLUGINS_UNTIL: Mapping[int, tuple[str, ...]] = {37: ("JobValidation", "PodGroupWorkloadExists")}


def _plugins() -> Since:
    added, gone = _PLUGINS_SINCE, _PLUGINS_UNTIL
    found: tuple[str, ...] = _PLUGINS_OF_1_29
    rows = [(0, ",".join(found))]
    for minor in sorted({*added, *gone}):
        found = tuple(one for one in (*found, *added.get(minor, ())) if one not in gone.get(minor, ()))
        rows.append((minor, ",".join(found)))
    return tuple(rows)


def _always(**values: str) -> dict[str, Since]:
    return {flag.replace("_", "-"): ((0, value),) for flag, value in values.items()}


def _empty(*flags: str) -> dict[str, Since]:
    return dict.fromkeys(flags, ((0, ""),))


# No flag, but what --enable-admission-plugins and --disable-admission-plugins are added to and taken from.
DEFAULT_PLUGINS = "default admission plugins"

DEFAULTS: Mapping[str, Mapping[str, Since]] = {
    "kube-apiserver": {
        **_empty(
            "admission-control", "admission-control-config-file", "audit-log-path", "audit-policy-file",
            "audit-webhook-config-file", "authentication-config", "authentication-token-webhook-config-file",
            "authorization-config", "client-ca-file",
            "disable-admission-plugins", "enable-admission-plugins", "encryption-provider-config", "etcd-cafile",
            "etcd-certfile", "etcd-keyfile", "etcd-servers", "feature-gates", "kubelet-certificate-authority",
            "kubelet-client-certificate", "kubelet-client-key", "oidc-issuer-url", "service-account-key-file",
            "service-account-signing-endpoint", "tls-cert-file", "tls-cipher-suites", "tls-min-version",
            "tls-private-key-file", "token-auth-file",
        ),
        **_always(
            anonymous_auth="true", authorization_mode="AlwaysAllow", enable_bootstrap_token_auth="false",
            profiling="true", request_timeout="1m0s",
            service_account_extend_token_expiration="true", service_account_lookup="true",
        ),
        "audit-log-maxage": ((0, "0"), (36, "366")),
        "audit-log-maxbackup": ((0, "0"), (36, "100")),
        "audit-log-maxsize": ((0, "0"), (36, "100")),
        DEFAULT_PLUGINS: _plugins(),
    },
    "kube-controller-manager": {
        **_empty("feature-gates", "root-ca-file", "service-account-private-key-file"),
        **_always(
            bind_address="0.0.0.0", profiling="true", secure_port="10257", terminated_pod_gc_threshold="12500",
            use_service_account_credentials="false",
        ),
    },
    "kube-scheduler": {
        **_empty("config"),
        **_always(bind_address="0.0.0.0", profiling="true", secure_port="10259"),
    },
    "etcd": {
        **_empty("cert-file", "key-file", "peer-cert-file", "peer-key-file", "trusted-ca-file"),
        **_always(
            auto_tls="false", client_cert_auth="false", peer_auto_tls="false", peer_client_cert_auth="false",
            listen_client_urls="http://localhost:2379", listen_peer_urls="http://localhost:2380",
        ),
    },
}  # fmt: skip


def defaults(component: str, flag: str, minor: int | None) -> tuple[str, ...]:
    """What a flag that is not given stands for: several values where the minor decides and is not known.

    Of a minor that is newer than the data only what is nothing by default is known: files, and what is added to a list.
    """
    rows = DEFAULTS.get(component, {}).get(flag, ())
    if minor is None:
        return tuple(dict.fromkeys(value for _, value in reversed(rows)))
    found = tuple(value for since, value in rows if since <= minor)[-1:]
    return () if minor > NEWEST and any(found) else found


def meant(component: str, flag: str, value: str, minor: int | None) -> tuple[str, ...]:
    """What a value stands for: before 1.36 a log size of 0 left it to the log's writer, which takes 100 MB."""
    if (component, flag, value) != ("kube-apiserver", "audit-log-maxsize", "0") or (minor is not None and minor >= 36):
        return (value,)
    return ("0", "100") if minor is None else ("100",)

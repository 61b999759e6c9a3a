"""The resources that a cluster serves: their scope, their verbs, and the names by which people call them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import msgspec

from kscan.model.discovery import Offer, OfferedGroup

# What authorizers are asked about although no API serves it.
_RBAC, _CERTIFICATES, _AUTHENTICATION = "rbac.authorization.k8s.io", "certificates.k8s.io", "authentication.k8s.io"
_RESOURCE = "resource.k8s.io"
_IMPERSONATE = ("impersonate",)
_UNSERVED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "users"): _IMPERSONATE,
    ("", "groups"): _IMPERSONATE,
    (_AUTHENTICATION, "uids"): _IMPERSONATE,
    (_AUTHENTICATION, "userextras"): _IMPERSONATE,
    (_AUTHENTICATION, "users"): ("impersonate:user-info",),
    (_AUTHENTICATION, "groups"): ("impersonate:user-info",),
    (_AUTHENTICATION, "serviceaccounts"): ("impersonate:serviceaccount",),
    (_AUTHENTICATION, "nodes"): ("impersonate:arbitrary-node", "impersonate:associated-node"),
    (_AUTHENTICATION, "admissionReviewAPIGroups"): ("attest",),
    (_CERTIFICATES, "signers"): ("approve", "attest", "sign"),
    # Whose certificates the controller manager approves by itself.
    (_CERTIFICATES, "certificatesigningrequests/nodeclient"): ("create",),
    (_CERTIFICATES, "certificatesigningrequests/selfnodeclient"): ("create",),
    # Who else than the scheduler may allocate devices, and whose drivers may tell of theirs.
    (_RESOURCE, "resourceclaims/binding"): ("update", "patch"),
    (_RESOURCE, "resourceclaims/driver"): (
        "associated-node:update",
        "associated-node:patch",
        "arbitrary-node:update",
        "arbitrary-node:patch",
    ),
}
_WITHIN = frozenset({
    (_AUTHENTICATION, "serviceaccounts"), (_RESOURCE, "resourceclaims/binding"), (_RESOURCE, "resourceclaims/driver"),
})  # fmt: skip
_MORE_VERBS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "serviceaccounts"): _IMPERSONATE,
    (_RBAC, "roles"): ("bind", "escalate"),
    (_RBAC, "clusterroles"): ("bind", "escalate"),
}
# What OpenShift's own admission control asks about.
_OPENSHIFT = frozenset({
    ("", "endpoints/restricted"), ("discovery.k8s.io", "endpointslices/restricted"),
    ("route.openshift.io", "routes/custom-host"),
    *((group, f"builds/{kind}") for group in ("", "build.openshift.io")
      for kind in ("custom", "docker", "jenkinspipeline", "optimizeddocker", "source")),
})  # fmt: skip
# The kubelet's own questions to the API server: what it serves stands behind these.
_KUBELET = ("checkpoint", "configz", "healthz", "log", "metrics", "pods", "proxy", "spec", "stats")


class Resource(msgspec.Struct, frozen=True, order=True):
    """One resource, or subresource, that somebody may be allowed to use."""

    group: str
    plural: str
    namespaced: bool
    verbs: tuple[str, ...]
    kind: str = ""
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        plural, slash, part = self.plural.partition("/")
        return f"{plural}{'.' if self.group else ''}{self.group}{slash}{part}"


class Served:
    """Every resource by group and plural, subresources among them.

    `is_open` tells of which groups it is not known whether more is served. Where nobody was asked, all is taken as
    served: of manifests, all of the groups that are `written` in them.
    """

    def __init__(
        self,
        groups: Iterable[OfferedGroup],
        *,
        is_open: Callable[[str], bool] | None = None,
        asked: bool = False,
        written: Collection[str] | None = None,
    ) -> None:
        self.asked = asked
        self._written = written
        self._is_open = is_open
        self.resources = {(one.group, one.plural): one for one in _resources(groups)}
        self._groups = {group for group, _ in self.resources}

    def __iter__(self) -> Iterator[Resource]:
        return iter(sorted(self.resources.values()))

    def has(self, group: str, resource: str) -> bool:
        """Whether it is served, or asked of authorizers."""
        own, _, part = resource.partition("/")
        # Whoever sets an owner that is deleted only after what it owns is asked for that owner's finalizers.
        known = (group, own if part == "finalizers" else resource) in self.resources
        return known or (group, own) in _UNSERVED or (group, resource) in _OPENSHIFT

    def may(self, group: str, resource: str) -> bool:
        """Whether it is served as far as is known, or may be, of a group that was not told whole."""
        return self.has(group, resource) or (self._is_open is not None and self._is_open(group))

    def counts(self, group: str, resource: str, *, surely: bool) -> bool:
        """Whether rights over it count: over what is served, and not `surely` over what may be."""
        if self.asked:
            return (self.has if surely else self.may)(group, resource)
        known = self._written is None or group in self._groups or group in self._written
        return known or (not surely and self.may(group, resource))

    def namespaced(self, group: str, resource: str) -> bool:
        """Whether a question about it is asked within a namespace; what is not known may be."""
        if "*" in (group, resource):
            return True
        own = self.resources.get((group, resource)) or self.resources.get((group, resource.partition("/")[0]))
        return own is None or own.namespaced

    def find(self, text: str) -> Resource | None:
        """A resource as people write it: plural, singular, short name or kind, with `.group` and `/part` or without."""
        name, slash, part = text.lower().partition("/")
        name, _, group = name.partition(".")
        found = [one for one in self if name in one.names and "/" not in one.plural]
        chosen = [one for one in found if one.group == group or (group and one.group.startswith(f"{group}."))]
        if not group:
            chosen = chosen or found
        if not chosen:
            return None
        # The core group and Kubernetes' own come before those of extensions.
        best = min(chosen, key=lambda one: (bool(one.group), one.group.count(".") > 1, one.group))
        if not slash:
            return best
        return self.resources.get((best.group, f"{best.plural}/{part}"))

    def words(self) -> list[str]:
        """Every word that names a resource, for advice."""
        return sorted({str(one) for one in self} | {name for one in self for name in one.names})


def is_of_kubernetes(group: str) -> bool:
    """Whether a group can only be one of Kubernetes itself: definitions of others need a name with a dot."""
    return "." not in group


def _resources(groups: Iterable[OfferedGroup]) -> Iterator[Resource]:
    for group in groups:
        for version in reversed(group.versions):
            for offer in version.resources:
                yield from _with_parts(group.name, offer)
    for (name, plural), verbs in _UNSERVED.items():
        yield Resource(name, plural, (name, plural) in _WITHIN, verbs, names=() if "/" in plural else (plural,))


def _with_parts(group: str, offer: Offer) -> Iterator[Resource]:
    more = _MORE_VERBS.get((group, offer.resource), ())
    names = {offer.resource, offer.singular_resource, offer.kind.lower(), *offer.short_names} - {""}
    yield Resource(group, offer.resource, offer.namespaced, (*offer.verbs, *more), offer.kind, tuple(sorted(names)))
    for part in offer.subresources:
        yield Resource(group, f"{offer.resource}/{part.subresource}", offer.namespaced, part.verbs)
    if (group, offer.resource) == ("", "nodes"):
        for name in _KUBELET:
            yield Resource("", f"nodes/{name}", False, ("get", "create", "update", "patch", "delete"))

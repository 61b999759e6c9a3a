"""Certificates that the API shows: requested, issued, and believed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Review, Unsure
from kscan.model.certificates import Certificate, certificates, requested
from kscan.model.der import DerError, Name
from kscan.model.extensions import SigningRequest, Trust
from kscan.model.meta import ObjectRef
from kscan.model.words import counted, listed
from kscan.rules.rule import rule
from kscan.views.extensions import CONVERSIONS, SIGNING_REQUESTS, TRUSTS
from kscan.views.releases import TAKEN
from kscan.views.server import MANIFESTS

_MASTERS, _NODES, _NODE = "system:masters", "system:nodes", "system:node:"
_CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"
# Who asks for new nodes: tokens of kubeadm, GKE's users, OpenShift's account; others are in the group.
_BOOTSTRAPPERS = "system:bootstrappers"
_BOOTSTRAP = (
    "system:bootstrap:",
    "kubelet",
    "system:serviceaccount:openshift-machine-config-operator:node-bootstrapper",
)
_UNDATED = "the snapshot does not tell when it was taken"
_KEPT = ObjectRef("Cluster", "certificate requests")


@rule("certificates.ca_bundles", "CA bundles", TRUSTS, TAKEN)
def ca_bundles(trusts: Iterable[Trust], taken: datetime | None, *, days: int, soon: int) -> Judgements:
    """Bundles by which webhooks and aggregated API servers are known, of which every certificate has ended or will."""
    return (_bundle(one, taken, timedelta(days=days), timedelta(days=soon)) for one in trusts)


@rule("certificates.conversions", "conversions of custom resources", CONVERSIONS, TAKEN)
def conversions(trusts: Iterable[Trust], taken: datetime | None, *, days: int, soon: int) -> Judgements:
    """The same of the webhooks that convert custom resources."""
    return (_bundle(one, taken, timedelta(days=days), timedelta(days=soon)) for one in trusts)


def _bundle(one: Trust, taken: datetime | None, days: timedelta, soon: timedelta) -> Judgement:
    if not one.bundle:
        return Fine(one.ref, "it names none: the roots of the API server's own system count")
    try:
        found = certificates(one.bundle)
    except DerError as error:
        return Unsure(one.ref, f"{one.path} cannot be read: {error}")
    if not found:
        return Problem(one.ref, "holds a CA bundle without a certificate", path=one.path, value="no certificate")
    if taken is None:
        return Unsure(one.ref, _UNDATED)
    # A bundle may hold the one before and the one to come: the last to end counts.
    last = max(found, key=lambda each: each.ends)
    if last.ends - taken > days:
        return Fine(one.ref)
    return _ending(one, last, taken, soon)


def _ending(one: Trust, last: Certificate, taken: datetime, soon: timedelta) -> Problem:
    left = last.ends - taken
    after = "everything passes it by" if one.fails_open else "it answers nothing any more"
    if left <= timedelta(0):
        message, severity = f"is known by a CA that has ended: {after}", None
    else:
        message = f"is known by a CA that ends in {left.days} days: from then on {after}"
        severity = None if left <= soon else Severity.MEDIUM
    return Problem(one.ref, message, path=one.path, value=f"until {last.ends:%Y-%m-%d}", severity=severity)


@rule("certificates.pending", "certificate requests", SIGNING_REQUESTS, TAKEN)
def pending(requests: Iterable[SigningRequest], taken: datetime | None, *, hours: int) -> Judgements:
    """Requests that nobody has answered for long."""
    for one in requests:
        if one.refused or one.condition("Approved"):
            yield Fine(one.ref)
            continue
        try:
            since = datetime.fromisoformat(one.metadata.creation_timestamp)
            waited = taken - since if taken else None
        except (ValueError, TypeError):
            waited = None
        if waited is None:
            yield Unsure(one.ref, _UNDATED if taken is None else "it does not tell when it was made")
        elif waited > timedelta(hours=hours):
            message = f"has waited for an answer for {waited.days * 24 + waited.seconds // 3600} hours"
            yield Problem(one.ref, message, path="status.conditions", notes=(_asker(one),))
        else:
            yield Fine(one.ref)


@rule("certificates.powerful", "certificate requests", SIGNING_REQUESTS)
def powerful(requests: Iterable[SigningRequest]) -> Judgements:
    """Requests for a certificate that is above all rights, or of a node that another asks for."""
    for one in requests:
        subject = _subject(one)
        if isinstance(subject, Unsure):
            yield subject
            continue
        message = _power(one, subject)
        if message and not one.refused:
            yield Problem(
                one.ref,
                f"{_state(one)} {message}",
                path="spec.request",
                value=_shown(subject),
                severity=None if _MASTERS in subject.organizations else Severity.HIGH,
                notes=(_asker(one), *_approval(one)),
            )
        else:
            yield Fine(one.ref, f"{_shown(subject)}, by {one.spec.signer_name}")


def _power(one: SigningRequest, subject: Name) -> str:
    if _MASTERS in subject.organizations:
        return f"a certificate of {_MASTERS}, whom nothing is refused and whose rights nobody can take away"
    named = subject.common_name.startswith(_NODE) or _NODES in subject.organizations
    asker = one.spec.username
    rightly = asker == subject.common_name or asker.startswith(_BOOTSTRAP) or _BOOTSTRAPPERS in one.spec.groups
    if named and not rightly:
        return f"a certificate of the node {subject.common_name.removeprefix(_NODE)}, which did not ask for it"
    return ""


@rule("certificates.users", "certificate requests", SIGNING_REQUESTS, MANIFESTS)
def users(requests: Iterable[SigningRequest], manifests: bool) -> Judgements:
    """Client certificates for people: requests are kept for an hour to a day, so that none proves nothing."""
    if manifests:
        yield Moot("only a running cluster tells who has got a certificate", surely=True)
        return
    seen = 0
    for one in requests:
        subject = _subject(one)
        if isinstance(subject, Unsure):
            yield subject
        elif one.spec.signer_name == _CLIENT_SIGNER and not one.refused:
            seen += 1
            if not subject.common_name.startswith("system:"):
                message = f"{_state(one)} a client certificate, which cannot be taken back before it ends"
                notes = (_asker(one), *_approval(one))
                yield Problem(one.ref, message, path="spec.request", value=_shown(subject), notes=notes)
    now = f"{counted(seen, 'request') if seen else 'no requests'} for client certificates now"
    yield Review(_KEPT, f"{now}; answered ones are deleted within hours")


@rule("certificates.issued", "certificate requests", SIGNING_REQUESTS, TAKEN)
def issued(requests: Iterable[SigningRequest], taken: datetime | None) -> Judgements:
    """Issued certificates that have ended."""
    for one in requests:
        if not one.status.certificate:
            continue
        try:
            found = certificates(one.status.certificate)
        except DerError as error:
            yield Unsure(one.ref, f"its certificate cannot be read: {error}")
            continue
        if taken is None:
            yield Unsure(one.ref, _UNDATED)
        elif found and found[0].ends <= taken:
            value = f"until {found[0].ends:%Y-%m-%d}"
            yield Problem(one.ref, "has got a certificate that has ended", path="status.certificate", value=value)
        else:
            yield Fine(one.ref)


def _subject(one: SigningRequest) -> Name | Unsure:
    try:
        return requested(one.spec.request)
    except DerError as error:
        return Unsure(one.ref, f"its request cannot be read: {error}")


def _state(one: SigningRequest) -> str:
    return "has got" if one.status.certificate else "is approved to get" if one.condition("Approved") else "asks for"


def _shown(subject: Name) -> str:
    return f"CN={subject.common_name}" + "".join(f", O={one}" for one in subject.organizations)


def _asker(one: SigningRequest) -> str:
    groups = f" of {listed(one.spec.groups)}" if one.spec.groups else ""
    return f"Asked for by {one.spec.username or 'somebody'}{groups}, of {one.spec.signer_name}."


def _approval(one: SigningRequest) -> tuple[str, ...]:
    approved = one.condition("Approved")
    return (f"Approved: {approved.reason} {approved.message}".strip(),) if approved else ()

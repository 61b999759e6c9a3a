"""What the API server counts since it started: requests for APIs on their way out, and what its audit log did."""

from kscan.checks.judgement import Fine, Judgements, Moot, Problem, Unsure
from kscan.model.meta import ObjectRef
from kscan.model.platform import Platform
from kscan.rules.rule import rule
from kscan.views.metrics import METRICS, Metrics, Sample
from kscan.views.platform import PLATFORM

_SERVER = ObjectRef("Component", "kube-apiserver (the API server that answered)")
_COUNTED = "Counted by the API server that answered, since it started."
_EVENTS = "apiserver_audit_event_total"
_REQUESTED = "apiserver_requested_deprecated_apis"


@rule("counters.deprecated_apis", "API servers", METRICS, of_running=True)
def deprecated_apis(metrics: Metrics) -> Judgements:
    """Deprecated versions of APIs that somebody asked for; the server names each, not who asked."""
    if not metrics.told:
        return
    asked = [one for one in metrics.samples(_REQUESTED) if one.value]
    going = [one for one in asked if one.labels.get("removed_release")]
    for one in going:
        release = one.labels["removed_release"]
        message = f"is asked for, and is gone from Kubernetes {release} on"
        yield Problem(ObjectRef("API", _api(one)), message, path="removed_release", value=release, notes=(_COUNTED,))
    if not going:
        # The API server itself asks for endpoints, which are deprecated and stay.
        stay = f"; deprecated, but to stay: {', '.join(map(_api, asked))}" if asked else ""
        yield Fine(_SERVER, f"no API that goes was asked for (since it started){stay}")


def _api(one: Sample) -> str:
    labels = one.labels
    name = ".".join(
        part for part in (labels.get("resource", ""), labels.get("version", ""), labels.get("group")) if part
    )
    return f"{name}/{labels['subresource']}" if labels.get("subresource") else name


@rule("counters.audit", "API servers", METRICS, more=(PLATFORM,), of_running=True)
def audit(metrics: Metrics, platform: Platform | None) -> Judgements:
    """An API server that wrote nothing into its audit log."""
    if not metrics.told:
        return
    events = metrics.total(_EVENTS)
    levels = {one.labels.get("level", ""): int(one.value) for one in metrics.samples("apiserver_audit_level_total")}
    shown = ", ".join(f"{level} {count}" for level, count in sorted(levels.items()) if count)
    if events:
        yield Fine(_SERVER, f"{int(events)} audit events (since it started); levels: {shown or 'not told'}")
    elif platform is None:
        yield Unsure(_SERVER, "it counts no audit event, and whether its provider keeps the log elsewhere is not known")
    elif "kube-apiserver" in platform.owned:
        yield Moot(f"its audit log is kept by {platform.owner}")
    elif not _counts(metrics):
        yield Unsure(_SERVER, "it does not count audit events")
    else:
        yield Problem(
            _SERVER,
            "has not written one audit event since it started",
            path=_EVENTS,
            value=f"0; levels: {shown}" if shown else "0",
        )


@rule("counters.audit_lost", "API servers", METRICS, of_running=True)
def audit_lost(metrics: Metrics) -> Judgements:
    """Audit events that could not be written, and requests that were refused for it."""
    if not metrics.told:
        return
    lost = {one.labels.get("plugin", ""): int(one.value) for one in metrics.samples("apiserver_audit_error_total")}
    problems = [(plugin, count) for plugin, count in sorted(lost.items()) if count]
    for plugin, count in problems:
        message = f"has lost audit events through its {plugin or 'backend'}"
        yield Problem(_SERVER, message, path=f"apiserver_audit_error_total.{plugin}", value=f"{count} since it started")
    rejected = metrics.total("apiserver_audit_requests_rejected_total")
    if rejected:
        message = "has refused requests that it could not write into its audit log"
        yield Problem(_SERVER, message, path="apiserver_audit_requests_rejected_total", value=int(rejected))
    if not problems and not rejected:
        known = _counts(metrics)
        fact = "no audit event was lost (since it started)"
        yield Fine(_SERVER, fact) if known else Unsure(_SERVER, "it does not count audit events")


def _counts(metrics: Metrics) -> bool:
    """Whether it counts audit events at all, be it none."""
    return any(True for _ in metrics.samples(_EVENTS))

"""Webhooks, policies of the API server and their bindings, as they are written."""

from kscan.model.admission.policies import Change, MutatingPolicy, Policy, PolicyBinding
from kscan.model.admission.webhooks import Hook, WebhookConfiguration
from kscan.snapshot import kinds
from kscan.views.objects import NAMESPACES
from kscan.views.view import Source, View


def _hooks(source: Source) -> tuple[Hook, ...]:
    return tuple(
        Hook(ref=one.metadata.ref(resource), webhook=webhook)
        for resource in (kinds.VALIDATING_WEBHOOKS, kinds.MUTATING_WEBHOOKS)
        for one in source.nouns(resource, WebhookConfiguration)
        for webhook in one.webhooks
    )


HOOKS: View[tuple[Hook, ...]] = View("webhook rules", (kinds.VALIDATING_WEBHOOKS, kinds.MUTATING_WEBHOOKS), _hooks)
POLICIES: View[tuple[Policy, ...]] = View(
    "admission policies",
    (kinds.ADMISSION_POLICIES,),
    lambda source: tuple(source.nouns(kinds.ADMISSION_POLICIES, Policy)),
)
BINDINGS: View[tuple[PolicyBinding, ...]] = View(
    "admission policy bindings",
    (kinds.ADMISSION_BINDINGS,),
    lambda source: tuple(source.nouns(kinds.ADMISSION_BINDINGS, PolicyBinding)),
)


def _changes(source: Source) -> tuple[Change, ...]:
    policies = {one.metadata.name: one for one in source.nouns(kinds.MUTATING_POLICIES, MutatingPolicy)}
    bindings = source.nouns(kinds.MUTATING_BINDINGS, PolicyBinding)
    return tuple(Change(policies[one.spec.policy_name], one) for one in bindings if one.spec.policy_name in policies)


CHANGES: View[tuple[Change, ...]] = View(
    "policies that change objects", (kinds.MUTATING_POLICIES, kinds.MUTATING_BINDINGS), _changes
)


def _all_bindings(source: Source) -> bool:
    source.weighed(BINDINGS, because="where bindings were not read, no policy is said to refuse nothing")
    return source.whole(BINDINGS)


def _all_namespaces(source: Source) -> bool:
    source.weighed(NAMESPACES, because="where namespaces were not read, nothing is said to refuse in none")
    return source.whole(NAMESPACES)


ALL_BINDINGS: View[bool] = View("whether all admission policy bindings were read", BINDINGS.needs, _all_bindings)
ALL_NAMESPACES: View[bool] = View("whether all namespaces were read", NAMESPACES.needs, _all_namespaces)

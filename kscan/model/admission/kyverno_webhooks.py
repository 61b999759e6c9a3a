"""Kyverno's webhooks: which of them asks it about which of its policies."""

from collections.abc import Sequence

from kscan.model.admission.calling import Called
from kscan.model.admission.kyverno_policies import KyvernoPolicy

# Kyverno asks each kind of its policies by webhooks of their own.
POLICIES, VALIDATING = "validate.kyverno.svc", "vpol.validate.kyverno.svc"
NO_WEBHOOK = f"no webhook {VALIDATING} asks Kyverno about its ValidatingPolicies"
_OTHER_FAILURE = "Kyverno asks it by a webhook of its own failurePolicy, and there is none here"
_OTHER_PATH = "the path of its webhook names other policies"
_FINE = "-finegrained-"
_Hooks = Sequence[Called]
# What stands in a path beside the names of policies.
_WORDS = frozenset({"", "policies", "vpol", "validate", "fail", "ignore", "finegrained"})


def is_of(webhook: str, name: str) -> bool:
    """Whether a webhook is one of some name: behind that stands what becomes of a pod where nobody answers."""
    return name == webhook or name.startswith(f"{webhook}-")


def of_policy(policy: KyvernoPolicy, hooks: _Hooks) -> tuple[_Hooks, str]:
    """The webhooks that ask about a policy, and why it may be none of them; those for one policy are for no other."""
    key = policy.full_name.replace("/", "-")
    these = [one for one in hooks if one.hook.webhook.name.partition(_FINE)[2] in ("", key)]
    own = [one for one in these if one.open == policy.fails_open]
    return own or these, "" if own else _OTHER_FAILURE


def of_validating(name: str, hooks: _Hooks) -> tuple[_Hooks, str]:
    """The webhooks that ask about a ValidatingPolicy, which their path may name, and why it may be none of them."""
    paths = [(one, set(_path(one).split("/"))) for one in hooks]
    own = [one for one, parts in paths if name in parts or parts <= _WORDS]
    return own or hooks, "" if own else _OTHER_PATH


def _path(one: Called) -> str:
    service = one.hook.webhook.client_config.service
    return service.path if service else ""

"""Rules: what needs more than one object, or evidence that is no object, to be decided."""

from kscan.rules import accounts, bindings, encryption, network, podsecurity, rbac, roles, settings
from kscan.rules.rule import Rule

RULES: dict[str, Rule] = {
    value.name: value
    for module in (accounts, bindings, encryption, network, podsecurity, rbac, roles, settings)
    for value in vars(module).values()
    if isinstance(value, Rule)
}

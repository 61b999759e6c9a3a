"""Rules: what needs more than one object, or evidence that is no object, to be decided."""

from kscan.rules import (
    accounts,
    availability,
    bindings,
    boundaries,
    encryption,
    namespaces,
    network,
    podsecurity,
    rbac,
    references,
    roles,
    selecting,
    settings,
)
from kscan.rules.rule import Rule

RULES: dict[str, Rule] = {
    value.name: value
    for module in (
        accounts,
        availability,
        bindings,
        boundaries,
        encryption,
        namespaces,
        network,
        podsecurity,
        rbac,
        references,
        roles,
        selecting,
        settings,
    )
    for value in vars(module).values()
    if isinstance(value, Rule)
}

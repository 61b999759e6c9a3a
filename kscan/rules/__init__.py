"""Rules: what needs more than one object, or evidence that is no object, to be decided."""

from kscan.rules import accounts, encryption, network, rbac, settings
from kscan.rules.rule import Rule

RULES: dict[str, Rule] = {
    one.name: one
    for one in (
        accounts.default_token,
        encryption.secrets,
        network.without_policy,
        rbac.full_rights,
        settings.api_server_flag,
        settings.kubelet,
    )
}

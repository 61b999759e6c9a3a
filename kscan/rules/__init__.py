"""Rules: what needs more than one object, or evidence that is no object, to be decided."""

from importlib import import_module
from pkgutil import iter_modules

from kscan.rules.rule import Rule

RULES: dict[str, Rule] = {
    value.name: value
    for module in iter_modules(__path__, f"{__name__}.")
    for value in vars(import_module(module.name)).values()
    if isinstance(value, Rule)
}

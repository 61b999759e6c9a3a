"""What a rule is: a pure function over views, with keyword parameters, that judges each object in its scope.

The first view is the scope: what is missing from it can hide findings, but makes none.
The others are context: while anything of them is missing, nothing is decided.
What is read only to say more of a finding decides nothing: it is None where it could not be read whole.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from kscan.checks.judgement import Judgements
from kscan.views.view import View

Run = Callable[..., Judgements]


class Rule(msgspec.Struct, frozen=True):
    """A rule by its name, what it judges in people's words, and the views that it is handed."""

    name: str
    scope: str
    views: tuple[View[Any], ...]
    run: Run
    more: tuple[View[Any], ...] = ()
    # Whether it speaks of the cluster, and not of objects that somebody writes down: then manifests never decide it.
    of_cluster: bool = False
    # Whether it speaks only of what a cluster that runs can tell: then manifests never say anything of it.
    of_running: bool = False


def rule(
    name: str,
    scope: str,
    *views: View[Any],
    more: tuple[View[Any], ...] = (),
    of_cluster: bool = False,
    of_running: bool = False,
) -> Callable[[Run], Rule]:
    """Make a rule of the function below; what runs is of a cluster."""
    return lambda run: Rule(name, scope, views, run, more, of_cluster or of_running, of_running)

"""Flags of the control plane: each instance of a component, with the values in force."""

from collections.abc import Sequence
from posixpath import basename

from kscan.checks.judgement import Fine, Judgements, Moot, Problem, Review, Unsure
from kscan.model.components import AUTHORIZERS, AUTHORIZERS_FILE, Component, Instance, Setting
from kscan.model.defaults import NEWEST
from kscan.model.meta import ObjectRef
from kscan.model.mirrors import looking_alike
from kscan.rules.predicates import Wanted, holds, wanted
from kscan.rules.rule import rule
from kscan.views.components import API_SERVER, CONTROLLER_MANAGER, ETCD, SCHEDULER
from kscan.views.observed import ADMISSION, AUDIT, AUTHORIZATION, CLIENT_AUTHORITY

Told = Sequence[tuple[Wanted, Setting | None, bool | None]]
_UNTOLD = "names a file that decides it, which the API does not show"


def _judged(
    component: Component,
    *,
    wants: Sequence[dict[str, object]],
    message: str,
    combine: str = "all",
    ignored_with: str = "",
    overruled_by: str = "",
    moot_where: Sequence[dict[str, object]] = (),
    because: str = "",
    review: str = "",
) -> Judgements:
    """Instances whose flags, given or by default, are all as wanted, or any of them."""
    asked, apart = wanted(wants), wanted(moot_where)
    yield from _unlike(component)
    for instance in component.instances:
        ref = _ref(component, instance)
        moot = _combined(_told(component, instance, apart), "any")
        told = _told(component, instance, asked)
        answer = _combined(told, combine)
        file = _file(component, instance, ignored_with) or (not answer and _file(component, instance, overruled_by))
        if moot:
            yield Moot(because)
        elif file or moot is None:
            yield Unsure(ref, file or _unknown(instance, _told(component, instance, apart)))
        elif answer is False:
            yield _bad(ref, message, [one for one in told if one[2] is False])
        elif _for_a_person(told, answer, review):
            yield Review(ref, _shown(told))
        elif answer is None:
            yield Unsure(ref, _unknown(instance, told))
        else:
            yield Fine(ref, _shown([one for one in told if one[2]]))


def _ref(component: Component, instance: Instance) -> ObjectRef:
    return ObjectRef("Component", f"{component.name} ({instance.name})")


def _unlike(component: Component) -> Judgements:
    """What only looks like an instance, and what is said where none is seen; where a gap says why, nothing."""
    if component.strangers:
        yield Fine(ObjectRef("Component", component.name), looking_alike(component.strangers), objects=0)
    if component.instances:
        return
    if component.owner:
        yield Moot(f"run by {component.owner}")
    elif component.hidden:
        yield Unsure(ObjectRef("Component", component.name), component.hidden)


def _told(component: Component, instance: Instance, wants: Sequence[Wanted]) -> Told:
    settings = ((want, component.setting(instance, want.flag)) for want in wants)
    return [(want, setting, holds(want, setting) if setting else None) for want, setting in settings]


def _combined(told: Told, combine: str) -> bool | None:
    answers = [answer for _, _, answer in told]
    decisive = combine == "any"
    return decisive if decisive in answers else None if None in answers else not decisive


def _file(component: Component, instance: Instance, flag: str) -> str:
    """Why a flag does not decide, where another that is given names a file that does."""
    setting = component.setting(instance, flag) if flag else None
    return f"--{flag} {_UNTOLD}" if setting and setting.value else ""


def _unknown(instance: Instance, told: Told) -> str:
    want, setting = next((want, setting) for want, setting, answer in told if answer is None)
    if setting:
        return f"{want.path}: {setting}, which leaves it open"
    if want.flag == AUTHORIZERS and instance.flags.get(AUTHORIZERS_FILE):
        return f"--{AUTHORIZERS_FILE} {_UNTOLD}"
    if instance.complete and instance.minor is not None and instance.minor > NEWEST:
        unknown = f"what that is in Kubernetes 1.{instance.minor} is not in kscan's data (to 1.{NEWEST})"
        return f"{want.path}: not set, and {unknown}"
    return f"{instance.channel} does not tell {want.path}"


def _for_a_person(told: Told, answer: bool | None, review: str) -> bool:
    """Whether a person must weigh what holds: always, or where nobody has set it."""
    settings = [setting for _, setting, one in told if one is answer]
    return review == "always" or (review == "unset" and all(one and not one.given for one in settings))


def _bad(ref: ObjectRef, message: str, bad: Told) -> Problem:
    first, setting, _ = bad[0]
    return Problem(ref, message, path=first.path, value=str(setting) if len(bad) == 1 else _shown(bad))


def _shown(told: Told) -> str:
    return "; ".join(f"{want.path}: {setting}" for want, setting, _ in told)


def _own_authority(etcd: Component, api_server: Component) -> Judgements:
    """Members of etcd that take the certificates that the API server takes; by the names of the files alone."""
    yield from _unlike(etcd)
    others = {setting.value for setting in api_server.settings("client-ca-file") if setting.value}
    for instance in etcd.instances:
        ref, setting = _ref(etcd, instance), etcd.setting(instance, "trusted-ca-file")
        if setting is None:
            yield Unsure(ref, f"{instance.channel} does not tell --trusted-ca-file")
            continue
        path, shown = "--trusted-ca-file", f"{setting}; the API server's --client-ca-file: {', '.join(sorted(others))}"
        if not setting.value:
            yield Problem(ref, "names no authority of its own for its clients", path=path, value=str(setting))
        elif not others:
            yield Unsure(ref, "the file that the API server takes its clients' certificates by is not told")
        elif setting.value in others:
            yield Problem(ref, "takes the certificates of the API server's clients", path=path, value=shown)
        elif basename(setting.value) in {basename(other) for other in others}:
            yield Review(ref, f"whether these files differ: {path}: {shown}")
        else:
            yield Fine(ref, f"{path}: {shown}")


API_SERVER_FLAGS = rule("flags.api_server", "API servers", API_SERVER, of_cluster=True)(_judged)
AUTHORIZER_FLAGS = rule("flags.authorizers", "API servers", AUTHORIZATION, of_cluster=True)(_judged)
ADMISSION_FLAGS = rule("flags.admission", "API servers", ADMISSION, of_cluster=True)(_judged)
AUDIT_FLAGS = rule("flags.audit", "API servers", AUDIT, of_cluster=True)(_judged)
CLIENT_AUTHORITY_FLAGS = rule("flags.client_authority", "API servers", CLIENT_AUTHORITY, of_cluster=True)(_judged)
CONTROLLER_MANAGER_FLAGS = rule("flags.controller_manager", "controller managers", CONTROLLER_MANAGER, of_cluster=True)(
    _judged
)
SCHEDULER_FLAGS = rule("flags.scheduler", "schedulers", SCHEDULER, of_cluster=True)(_judged)
ETCD_FLAGS = rule("flags.etcd", "members of etcd", ETCD, of_cluster=True)(_judged)
ETCD_AUTHORITY = rule("flags.etcd_authority", "members of etcd", ETCD, API_SERVER, of_cluster=True)(_own_authority)

"""What is known of a request for a pod, whoever of a tenant's makes it, and however the pod is called and labelled.

What a tenant may choose is never known, so that what is shown of such a request holds whatever they choose.
"""

from collections.abc import Iterable, Mapping

import msgspec

from kscan.model.admission.cases import ANYBODY, ELSEWHERE, NO_TENANT, NOBODY, Requester
from kscan.model.admission.matching import NAME, Request
from kscan.model.admission.pods import asked_for
from kscan.model.cel.partial import ANYTHING, Exactly, Fields, Items, May, Text, exactly, may
from kscan.model.rbac.identity import AUTHENTICATED, SERVICE_ACCOUNTS

_ACCOUNT, _ACCOUNTS = "system:serviceaccount:", "system:serviceaccounts:"
_OWN = "kube-system"


class Place(msgspec.Struct, frozen=True):
    """As much of a namespace as is known: one answer serves all of which no more is."""

    # Which one it is, or nothing: then no text of the expressions holds its name.
    name: str = ""
    labels: frozenset[tuple[str, str]] | None = None
    texts: frozenset[str] = frozenset()
    # Those of the texts that its name holds, and whether it begins and ends with them; none where that is not known.
    shows: tuple[tuple[str, bool, bool], ...] | None = None

    def called(self) -> May:
        """Its name."""
        if self.name:
            return exactly(self.name)
        return may(Text("the namespace", lambda text: text not in self.texts, says=self._says))

    def _says(self, asked: str, text: str) -> bool | None:
        if self.shows is None or text not in self.texts:
            return None
        return next(({"startsWith": begins, "endsWith": ends}.get(asked, True)
                     for one, begins, ends in self.shows if one == text), False)  # fmt: skip

    def seen(self) -> May:
        """Its object."""
        if self.labels is None:
            labels = ANYTHING
        elif self.name:
            labels = exactly(dict(self.labels))
        else:
            told = {name: exactly(value) for name, value in self.labels}
            labels = may(Fields(told | {NAME: self.called()}, open=False))
        return may(Fields({"metadata": may(Fields({"name": self.called(), "labels": labels}))}))


# As conditions are asked, without the namespace's object.
NO_OBJECT = may(Exactly(None), Exactly({}))


def request(asked: Request, requester: Requester, place: Place, spec: Fields, *, whole: bool) -> Mapping[str, May]:
    """What expressions see of all pods with such a spec; without the namespace's object where it is not `whole`."""
    metadata = may(Fields({"namespace": place.called()}))
    pod = Fields({"apiVersion": exactly("v1"), "kind": exactly("Pod"), "spec": May((spec,)), "metadata": metadata})
    known = {name: exactly(value) for name, value in asked_for(asked).items()}
    return {
        "object": May((pod,)),
        "oldObject": exactly(None) if asked.operation == "CREATE" else ANYTHING,
        "request": may(Fields(known | {"namespace": place.called(), "userInfo": _who(requester, place)})),
        "params": exactly(None),
        "namespaceObject": place.seen() if whole else NO_OBJECT,
    }


def _who(requester: Requester, place: Place) -> May:
    """Whoever may ask in such a case."""
    user = requester.identity.user
    if requester == ANYBODY:
        return ANYTHING
    if requester.controller or requester == NOBODY:
        return may(Fields({"username": exactly(user), "groups": exactly(list(requester.identity.groups))}))
    if requester == ELSEWHERE:
        return may(_account_of_some((_OWN, place.name) if place.name else (_OWN,), frozenset()))
    if user.startswith(_ACCOUNT):
        return may(_account_here(place) if place.name else _account_of_some((), place.texts))
    return may(_PERSON)


def _is_persons(text: str) -> bool:
    return not text.startswith("system:") and text not in NO_TENANT


def _of_persons(asked: str, text: str) -> bool | None:
    return False if asked == "startsWith" and text.startswith("system:") else None


_PERSON = Fields({
    "username": may(Text("a person", _is_persons, says=_of_persons)),
    "groups": may(Items((exactly(AUTHENTICATED),), may(Text("a group of people", _is_persons, says=_of_persons)))),
})  # fmt: skip


def _account_here(place: Place) -> Fields:
    """An account of a namespace that is known."""
    own = f"{_ACCOUNT}{place.name}:"

    def says(asked: str, text: str) -> bool | None:
        if asked == "startsWith" and not text.startswith(own):
            return own.startswith(text)
        return True if asked == "contains" and text in own else None

    user = Text("an account of the namespace", lambda text: text.startswith(own) and text != own, says=says)
    return _account(may(user), exactly(f"{_ACCOUNTS}{place.name}"))


def _account_of_some(others: Iterable[str], texts: frozenset[str]) -> Fields:
    """An account of a namespace that is none of these, and whose name none of these texts holds."""

    def text_of(name: str, prefix: str, end: str) -> Text:
        never = tuple(f"{prefix}{one}{end}" for one in others)

        def may_be(text: str) -> bool:
            is_other = text.startswith(never) if end else text in never
            return text.startswith(prefix) and not is_other and text not in texts

        def says(asked: str, text: str) -> bool | None:
            if asked == "startsWith" and (not text.startswith(prefix) or (end and text.startswith(never))):
                return prefix.startswith(text)
            return True if asked == "contains" and text in prefix else None

        return Text(name, may_be, says=says)

    group = text_of("a namespace's accounts", _ACCOUNTS, "")
    return _account(may(text_of("an account", _ACCOUNT, ":")), may(group))


def _account(user: May, group: May) -> Fields:
    return Fields({
        "username": user, "groups": may(Items((exactly(SERVICE_ACCOUNTS), group, exactly(AUTHENTICATED)))),
    })  # fmt: skip

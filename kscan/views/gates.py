"""The feature gates of the API server: what it counts them to be, and what its flags set."""

from collections.abc import Iterator, Mapping

import msgspec

from kscan.model.command_line import items
from kscan.views.components import API_SERVER
from kscan.views.metrics import METRICS
from kscan.views.view import Source, View

_COUNTED = "kubernetes_feature_enabled"
_FLAG = "feature-gates"
# What moves the defaults of many gates at once.
_ALL = frozenset({"AllAlpha", "AllBeta"})
_EMULATED = "emulated-version"


class Gates(msgspec.Struct, frozen=True):
    """Gates of which it is known whether they are open, and whether each of the others is as its version has it."""

    told: Mapping[str, bool] = {}
    defaults: bool = False

    def is_open(self, name: str, *, default: bool) -> bool | None:
        """Whether a gate is open; None where that is not known."""
        return self.told.get(name, default if self.defaults else None)


def _build(source: Source) -> Gates:
    if source.about.manifests:
        # What is only written down has no server, whose gates a pod among it could tell.
        return Gates()
    why = "a gate that is not told is not known, and what depends on it says so"
    component = source.weighed(API_SERVER, because=why)
    metrics = source.weighed(METRICS, because=why)
    told = {row.labels.get("name", ""): bool(row.value) for row in metrics.samples(_COUNTED)}
    for setting in component.settings(_FLAG):
        for name, is_on in _set(setting.value):
            # Of several servers one counted, and any may answer.
            told[name] = is_on and told.get(name, True)
    if not source.whole(API_SERVER):
        # What one server has closed is closed where it answers; open is what all have open, and some may be unseen.
        return Gates({name: False for name, is_on in told.items() if not is_on})
    whole = [one for one in component.instances if one.complete and not items(one.flags.get(_EMULATED, "").strip("[]"))]
    known = bool(whole) and len(whole) == len(component.instances)
    return Gates(told, defaults=known and not _ALL & told.keys())


def _set(value: str) -> Iterator[tuple[str, bool]]:
    """What a flag sets: `A=true,B=false`; of /flagz each has the name of its component and a colon before it."""
    for item in items(value):
        name, sign, text = item.rpartition(":")[2].partition("=")
        if sign:
            yield name.strip(), text.strip().lower() in ("true", "1", "t")


GATES: View[Gates] = View("feature gates", (*API_SERVER.needs, *METRICS.needs), _build)

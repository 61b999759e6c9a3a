"""Label selectors that no API server has looked at, as Kyverno and Gatekeeper read them."""

import re
from collections.abc import Mapping

import msgspec

from kscan.model.admission.asking import POD_LABELS, dims_of_selector
from kscan.model.admission.cases import LABEL, Dims, Edit
from kscan.model.admission.wildcards import kyverno_matches, sample
from kscan.model.selectors import LabelSelector, Requirement

_VALUE = re.compile(r"([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?", re.ASCII)
_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?", re.ASCII)


def is_valid(selector: LabelSelector) -> bool:
    """Whether a selector can be read at all: of what cannot be, an engine makes an error."""
    pairs = selector.match_labels.items()
    written = all(_KEY.fullmatch(key) and _VALUE.fullmatch(value) for key, value in pairs)
    return written and all(map(_can_be_met, selector.match_expressions))


def _can_be_met(one: Requirement) -> bool:
    listed = one.operator in ("In", "NotIn")
    if not _KEY.fullmatch(one.key) or listed != bool(one.values):
        return False
    return one.operator in ("In", "NotIn", "Exists", "DoesNotExist") and all(map(_VALUE.fullmatch, one.values))


class WildSelector(LabelSelector, frozen=True):
    """A selector of Kyverno's: its matchLabels may have wildcards; what cannot be read of it selects nothing."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet it."""
        return all(map(_can_be_met, self.match_expressions)) and all(
            any(kyverno_matches(key, own) and kyverno_matches(value, labels[own]) for own in labels)
            for key, value in self.match_labels.items()
        ) and all(one.matches(labels) for one in self.match_expressions)  # fmt: skip

    def matches_as_written(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet it where a wildcard is no wildcard, as in other places of Kyverno's."""
        return is_valid(self) and super().matches(labels)

    @property
    def dims(self) -> Dims:
        """What of a case it looks at: labels that take a pod in, and those of its own that it may leave out."""
        told = LabelSelector(
            match_labels={sample(key): sample(value) for key, value in self.match_labels.items()},
            match_expressions=self.match_expressions,
        )
        without = tuple(
            Edit(LABEL, own)
            for own in POD_LABELS
            if own not in told.match_labels and any(kyverno_matches(key, own) for key in self.match_labels)
        )
        dims = dims_of_selector(told)
        return msgspec.structs.replace(dims, edits=(*dims.edits, *without))

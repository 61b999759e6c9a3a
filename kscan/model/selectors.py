"""Label selectors, resolved here and nowhere else."""

from collections.abc import Mapping

from kscan.model.base import Noun


class Requirement(Noun, frozen=True):
    """One line of matchExpressions."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet it; NotIn also holds where the key is absent."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
        return False

    def __str__(self) -> str:
        return f"{self.key} {self.operator} {','.join(self.values)}".strip()


class LabelSelector(Noun, frozen=True):
    """A selector; the empty one matches everything."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet every requirement."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            requirement.matches(labels) for requirement in self.match_expressions
        )

    @property
    def everything(self) -> bool:
        """Whether it leaves nothing out."""
        return not self.match_labels and not self.match_expressions

    def __str__(self) -> str:
        equal = [f"{key}={value}" for key, value in sorted(self.match_labels.items())]
        return ", ".join([*equal, *(str(one) for one in self.match_expressions)])

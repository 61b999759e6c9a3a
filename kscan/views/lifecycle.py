"""What is known of Kubernetes' releases beside the cluster: data files of the package, each with its date."""

from functools import lru_cache
from typing import TypeVar

import msgspec

from kscan import data
from kscan.documents import documents_in
from kscan.errors import CheckError
from kscan.model.releases import Faults, Minors, RetiredApis

T = TypeVar("T")


@lru_cache
def minors() -> Minors:
    """How long each minor is mended."""
    return _told("versions.yaml", Minors)


@lru_cache
def faults() -> Faults:
    """The known faults of Kubernetes' own components."""
    return _told("cves.yaml", Faults)


@lru_cache
def retired_apis() -> RetiredApis:
    """The versions of kinds that are deprecated or gone."""
    return _told("retired-apis.yaml", RetiredApis)


def _told(name: str, shape: type[T]) -> T:
    path = data.folder("checks") / "shipped" / name
    return msgspec.convert(next(documents_in(path, CheckError)), shape)

"""Kubernetes releases: what runs in which version, how long each minor is mended, and which faults are known."""

import re
from collections.abc import Mapping
from datetime import date

import msgspec

_RELEASE = re.compile(r"v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})([-+][\w.+-]*)?")
_PREVIEW = re.compile(r"-(?:alpha|beta|rc)\b")
# They follow the patch releases of Kubernetes and add nothing of their own to a patch number.
_AS_UPSTREAM = re.compile(r"\+(?:k3s|rke2|k0s|vmware)")


class Release(msgspec.Struct, frozen=True, order=True):
    """One release; what a distribution adds to its number is kept apart, for it says nothing of the order."""

    major: int
    minor: int
    patch: int
    suffix: str = ""

    @property
    def number(self) -> tuple[int, int, int]:
        """What is compared."""
        return self.major, self.minor, self.patch

    @property
    def preview(self) -> bool:
        """Whether it came before its own release."""
        return bool(_PREVIEW.match(self.suffix))

    @property
    def may_be_mended(self) -> bool:
        """Whether its maker may have mended it without another patch number."""
        return bool(self.suffix) and not self.preview and not _AS_UPSTREAM.match(self.suffix)

    @property
    def of_minor(self) -> str:
        """The minor, as people write it."""
        return f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}{self.suffix}"


def release(text: str) -> Release | None:
    """The release that a version names; None where it names none."""
    found = _RELEASE.fullmatch(text.strip())
    return Release(int(found[1]), int(found[2]), int(found[3]), found[4] or "") if found else None


class Running(msgspec.Struct, frozen=True, order=True):
    """A component in one version, and where it runs."""

    component: str
    version: str
    places: tuple[str, ...] = ()
    windows: bool = False

    @property
    def release(self) -> Release | None:
        """Its release; None where the version is not one of Kubernetes."""
        return release(self.version)

    def __str__(self) -> str:
        return f"{self.component}@{self.version.removeprefix('v')}"


class Minor(msgspec.Struct, frozen=True):
    """One minor: when it came out, and the last day on which it is mended."""

    minor: str
    released: date
    ends: date


class Minors(msgspec.Struct, frozen=True):
    """The minors that are known, and until when."""

    as_of: date
    source: str
    minors: tuple[Minor, ...]

    def of(self, found: Release) -> Minor | None:
        """The minor of a release."""
        return next((one for one in self.minors if one.minor == found.of_minor), None)

    def older(self, found: Release) -> bool:
        """Whether a release is older than every minor that is listed."""
        oldest = self.minors[0].minor.split(".")
        return found.number[:2] < (int(oldest[0]), int(oldest[1]))


class Fault(msgspec.Struct, frozen=True):
    """A known fault of a component: `affected` holds spans FIRST..MENDED of releases, the second not in it."""

    id: str
    components: tuple[str, ...]
    severity: str
    summary: str
    affected: tuple[str, ...]
    issue: int
    # Only there, or only with this; what the API does not tell is left to a person.
    windows: bool = False
    where: str = ""
    # Of a feed only the versions can be read: what must hold besides stands in its words.
    in_words: bool = False

    @property
    def url(self) -> str:
        """Where it is told."""
        return f"https://github.com/kubernetes/kubernetes/issues/{self.issue}"

    def mended_in(self, found: Release) -> str:
        """The release that mends it in this one; empty where this one has it not."""
        for span in self.affected:
            first, _, last = span.partition("..")
            begin, end = release(first), release(last)
            if end and (begin is None or begin.number <= found.number) and found.number < end.number:
                return last
        return ""


class Unread(msgspec.Struct, frozen=True):
    """A fault that is announced, in words from which no versions can be taken."""

    id: str
    issue: int


class Faults(msgspec.Struct, frozen=True):
    """The faults that are known, and until when; `left_out` says why others are no matter."""

    as_of: date
    source: str
    faults: tuple[Fault, ...]
    left_out: Mapping[str, str] = {}
    unread: tuple[Unread, ...] = ()
    # Whether there is a newer list that could not be read.
    is_behind: bool = False


class Retired(msgspec.Struct, frozen=True):
    """A version of some kinds that is on its way out: the minors that said so and that dropped it, what replaces it."""

    version: str
    kinds: tuple[str, ...]
    removed: str
    instead: str = ""
    deprecated: str = ""


class RetiredApis(msgspec.Struct, frozen=True):
    """The versions of kinds that Kubernetes gave up, and until which day and minor that is known."""

    as_of: date
    source: str
    newest: str
    apis: tuple[Retired, ...]

    @property
    def newest_minor(self) -> int:
        """The second number of the newest."""
        return int(self.newest.split(".")[1])

    def by_kind(self) -> Mapping[tuple[str, str], Retired]:
        """Each by its version and kind."""
        return {(one.version, kind): one for one in self.apis for kind in one.kinds}

"""The platform that runs a cluster: its name, the sign that told it, and what its provider keeps to itself."""

import msgspec


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """What runs the cluster; without a name where nothing tells it."""

    name: str = ""
    title: str = ""
    sign: str = ""
    # Components that the provider runs and no user can set.
    owned: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.title} ({self.sign})" if self.name else "unknown"

"""Where data is: the packaged folders, inside the wheel or beside it in a checkout, and the user's own."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = {"demo": "fixtures/clusters/demo"}


def folder(name: str) -> Path:
    """The packaged folder of that name: checks, templates or demo."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / _CHECKOUT.get(name, name)


def own_folder() -> Path | None:
    """Where a user's own data is kept unless another folder is named; None for who has no home."""
    shared = os.environ.get("XDG_DATA_HOME", "")
    try:
        # What is not absolute does not count, as the specification says.
        base = Path(shared) if shared.startswith("/") else Path.home() / ".local" / "share"
    except RuntimeError:
        return None
    return base / "kscan"

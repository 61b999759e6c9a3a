"""Where the packaged folders are: inside the wheel, or beside the package in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = {"demo": "fixtures/clusters/demo"}


def folder(name: str) -> Path:
    """The packaged folder of that name: checks, templates or demo."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / _CHECKOUT.get(name, name)

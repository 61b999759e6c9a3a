"""What time it is. Nothing else of kscan asks the clock: every verdict is held against when its evidence was taken."""

from datetime import UTC, datetime

STAMP = "%Y-%m-%dT%H:%M:%SZ"


def now() -> datetime:
    """This moment, in no zone but UTC."""
    return datetime.now(UTC)


def stamp() -> str:
    """This moment as Kubernetes writes it."""
    return now().strftime(STAMP)

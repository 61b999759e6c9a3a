"""One object that was asked for by its name: what came may be another one, or none at all."""

import msgspec

from kscan.model.base import read_json
from kscan.snapshot.entry import Body, Gap, Reason
from kscan.snapshot.needs import Named

JSON = "application/json"


class _Identity(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _Object(msgspec.Struct):
    kind: str
    metadata: _Identity


def named(need: Named, found: Body | Gap) -> Body | Gap:
    """The object that was asked for by its name, or why there is none; what came may be another one."""
    if isinstance(found, Gap):
        return found
    path = need.path()
    if found.media_type != JSON:
        return Gap(path, Reason.UNDECODABLE, f"{found.media_type or 'an answer without a media type'} came, not {JSON}")
    try:
        one = read_json(found.content, _Object)
    except msgspec.MsgspecError as error:
        return Gap(path, Reason.UNDECODABLE, str(error))
    if (one.kind, one.metadata.name) != (need.resource.kind, need.name):
        return Gap(path, Reason.UNDECODABLE, f"{one.kind} {one.metadata.name} came".replace("  ", " "))
    return found

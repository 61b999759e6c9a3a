"""What connects the node's pods: the kinds of plugins that the configuration in use names, and nothing else of it."""

import posixpath

from kscan.model.node_facts import NodeFile
from kscan.node import roles as r
from kscan.node.root import Root, Unread
from kscan.node.written import maps, written

_ENDINGS = (".conf", ".conflist", ".json")
_MOST, _MOST_TEXT = 20, 100


def network_plugins(root: Root, files: tuple[NodeFile, ...]) -> tuple[str, ...]:
    """The plugins of the configuration that counts: the first of its folder, as container runtimes take it."""
    paths = sorted(one.path for one in files if r.CNI_CONFIG in one.roles and one.path.endswith(_ENDINGS))
    if len({posixpath.dirname(path) for path in paths}) != 1:
        return ()
    try:
        configuration = written(root, paths[0])
    except Unread:
        return ()
    named = maps(configuration.get("plugins")) or [configuration]
    return tuple(str(one.get("type", ""))[:_MOST_TEXT] for one in named[:_MOST] if one.get("type"))

"""`kscan node`: what the agent on a node is told, and what becomes of its document."""
# ruff: noqa: PLC0415 - what it runs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer


def node(
    root: Annotated[Path, typer.Option("--root", help="The folder where the node's file system is seen.")] = Path("/"),
    name: Annotated[
        str, typer.Option("--node", metavar="NAME", help="The node's name in the cluster; else as its kubelet says.")
    ] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file to write; else it is printed.")] = None,
    publish: Annotated[
        str,
        typer.Option("--publish", metavar="NAMESPACE", help="Also as a ConfigMap there, with the pod's own account."),
    ] = "",
    stay: Annotated[
        bool, typer.Option("--stay", help="Wait for an end after that, as the pods of a DaemonSet must.")
    ] = False,
) -> None:
    """Tell modes and owners of this node's files, its flags and policies, as one JSON document; never their secrets.

    It reads below --root only, judges nothing and asks nobody. `kscan scan --node-results` reads it.
    """
    from kscan.commands.output import print_bytes
    from kscan.errors import ConfigError
    from kscan.model.node_facts import NODE_NAME, encoded
    from kscan.node.gather import gather
    from kscan.snapshot.files import written_whole

    if name and not NODE_NAME.fullmatch(name):
        raise ConfigError(f"--node {name!r} is no name of a node", "see `kubectl get nodes`")
    facts = gather(root, name)
    document = encoded(facts)
    if output:
        with written_whole(output) as file:
            file.write(document)
    if publish:
        from kscan.node.publish import publish as as_config_map

        as_config_map(facts, document, publish)
    elif not output:
        print_bytes(document)
    if stay:
        _wait()


def _wait() -> None:
    """Wait until somebody ends it; the first process of a container is not ended by a signal that it does not take."""
    import signal

    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    signal.sigwait(signals)

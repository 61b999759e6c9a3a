"""`kscan snapshot serve`."""

import sys
import threading
from pathlib import Path

from kscan.snapshot.archive import load
from kscan.snapshot.files import written_whole
from kscan.snapshot.server import serving


def run(file: Path, port: int, kubeconfig: Path) -> None:
    """Serve until interrupted."""
    snapshot = load(file)
    with serving(snapshot, port=port) as server:
        with written_whole(kubeconfig) as out:
            out.write(server.kubeconfig.encode())
        print(
            f"{file} is served at {server.url} until Ctrl-C\nkubectl --kubeconfig {kubeconfig} get pods -A", flush=True
        )
        try:
            while not threading.Event().wait(3600):
                pass
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)

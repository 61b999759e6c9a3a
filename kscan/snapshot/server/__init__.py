"""A read-only Kubernetes API server on loopback that answers from a snapshot."""

from kscan.snapshot.server.serve import Running, serving

__all__ = ["Running", "serving"]

"""A read-only API server that answers from a snapshot, for kubectl and other tools."""

from kscan.snapshot.server.serve import Running, serving

__all__ = ["Running", "serving"]

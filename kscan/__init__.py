"""Audit a live Kubernetes cluster: every verdict with its evidence, nothing undecided called a pass."""

__version__ = "0.1.0"

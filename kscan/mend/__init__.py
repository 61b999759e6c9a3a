"""Patches of checks, applied to manifests where they are written."""

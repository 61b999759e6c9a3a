"""Measurements: each script prints the figures that the README names."""

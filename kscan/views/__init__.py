"""Typed readings of a snapshot, each naming what it is made from."""

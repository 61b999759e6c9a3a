"""Admission: what is asked before an object is stored, and which pods it refuses."""

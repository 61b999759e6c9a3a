"""The nouns of Kubernetes as frozen values; nothing here knows of paths, files or checks."""

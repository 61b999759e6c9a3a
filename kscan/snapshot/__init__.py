"""What the API server answered, path by path; nothing here judges or speaks HTTP to a cluster."""

"""Who may do what: roles and bindings, and the answers of the API server's RBAC authorizer."""

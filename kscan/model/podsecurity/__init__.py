"""The Pod Security Standards: what a pod may not do at a level, by the version of the policy."""

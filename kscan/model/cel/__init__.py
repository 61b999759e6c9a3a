"""CEL, the language of admission policies: what runs its expressions, and what they come to."""

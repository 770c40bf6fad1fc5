"""Use cases of rules: writing them, and letting them act."""

"""Use cases of a project's plan: read it, move and stretch its tasks, link them, edit them, keep baselines."""

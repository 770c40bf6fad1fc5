"""The plan of a project as values: working days, tasks in time, what follows what, and what that means. Pure."""

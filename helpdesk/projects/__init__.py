"""Projects and work items (tickets and tasks under one numbering) and the plan details of tasks."""

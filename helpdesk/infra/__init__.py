"""What every slice stands on: database, settings, clock, jobs, files, policy, web glue. No business."""

"""RQ jobs, the periodic table and the mailbox watchers; each job calls one process or service."""

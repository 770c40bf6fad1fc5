"""The story that shows Helpdesk at work, and the loopback mail servers that stand for the outside world in it."""

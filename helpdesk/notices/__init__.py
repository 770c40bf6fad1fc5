"""What people are told: in the app, by mail, by web push, as each of them chooses (docs/notifications.md)."""

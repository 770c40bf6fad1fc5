"""Time entries, timers, approval, and charges: what holds which seconds."""

"""Use cases of service levels: clocks kept true, told once, and the settings that they follow."""

"""Staff: people, roles, teams, passwords, sessions and sign-in limits."""

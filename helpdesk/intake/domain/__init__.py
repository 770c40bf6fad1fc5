"""What mail means, decided from plain values: no database, no network, no clock."""

"""Issued documents as Cross Industry Invoices, as Factur-X carries them (docs/billing.md rule 22)."""

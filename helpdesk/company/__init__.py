"""Our own company: name, logo, currency, zone, invoice terms and defaults."""

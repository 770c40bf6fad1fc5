"""Nothing slips: acts that nobody timed, proposed as entries; what a person does not accept is never billed."""

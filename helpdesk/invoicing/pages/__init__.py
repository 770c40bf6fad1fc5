"""What the pages of invoicing show, made of reads and rules."""

"""What the pages of time show, made of reads and rules."""

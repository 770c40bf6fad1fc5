"""What a table from elsewhere says, read without a database."""

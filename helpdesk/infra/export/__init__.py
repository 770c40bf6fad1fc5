"""Lists as files: columns are described once a list, and written as CSV or XLSX (docs/export.md)."""

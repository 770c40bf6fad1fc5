"""Invoicing: from settled seconds to lines, drafts, numbers, documents and payments."""

"""Receipts, opened in a process of their own: strangers' pictures and PDFs, with limits of time and memory."""

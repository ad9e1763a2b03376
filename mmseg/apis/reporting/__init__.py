"""What finished runs have measured: tables, pages, pictures."""

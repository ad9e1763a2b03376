"""Python files as configs: read as plain values, or run."""

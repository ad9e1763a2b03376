"""Loader workers: how many a system allows, what they were reading, and going on without one."""

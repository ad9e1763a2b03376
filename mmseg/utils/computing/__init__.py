"""Devices, threads and number formats."""

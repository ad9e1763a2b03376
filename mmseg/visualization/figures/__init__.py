"""Figures of numbers: charts of curves, matrices, diagrams."""

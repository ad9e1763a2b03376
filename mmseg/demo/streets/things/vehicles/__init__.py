"""Cars, buses, lorries and cycles."""

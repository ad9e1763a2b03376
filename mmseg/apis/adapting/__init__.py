"""Adapting a trained network to a stream of images, one at a time, and measuring what that does (``tools/adapt.py``)."""

"""Weights from elsewhere: files, layouts, licences."""

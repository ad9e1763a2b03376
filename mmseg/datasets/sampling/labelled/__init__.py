"""Crops of labelled images: of the source, with depth where there is some, and of the few labelled images of the target."""

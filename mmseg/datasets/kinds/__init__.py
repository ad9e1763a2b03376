"""The public data sets, a small file each: their folders, the ends of their names, and what their ids mean."""

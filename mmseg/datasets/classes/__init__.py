"""Class lists: names, palettes, groups, and whether the parts of a config agree on them."""

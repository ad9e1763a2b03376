"""The terms that learn from labels which people made: of the source, of pixels that were asked for, and of a few target images."""

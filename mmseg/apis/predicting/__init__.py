"""Networks on images: evaluation, own pictures, submissions."""

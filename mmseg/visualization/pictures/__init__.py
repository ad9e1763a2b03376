"""Pictures of images: what a training sees, what a network says, what was labelled."""

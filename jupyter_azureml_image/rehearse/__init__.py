"""Starting an image as Azure ML would, and judging it."""

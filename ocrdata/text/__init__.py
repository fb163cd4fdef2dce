"""Lines of text to draw, and the characters a model can read."""

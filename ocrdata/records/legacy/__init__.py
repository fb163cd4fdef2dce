"""Records of the five programs that this one replaces, read and converted."""

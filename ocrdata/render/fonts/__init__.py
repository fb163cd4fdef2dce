"""Font files: faces, which characters they have, and where fonts of the system lie."""

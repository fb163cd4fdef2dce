"""Contact sheets: many small pictures with what they read, as one PNG."""

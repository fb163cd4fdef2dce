"""Text-line images: which texts, one line, a block of lines, a data folder."""

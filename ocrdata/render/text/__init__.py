"""From characters to one bitmap of ink: fonts, glyphs, kerning, layout."""

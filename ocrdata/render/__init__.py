"""Pictures of text: a style is drawn as plain data for each key, then applied by pure functions."""

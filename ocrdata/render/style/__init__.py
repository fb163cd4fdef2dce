"""How a line will look, as plain data: styles, recipes, presets, and drawing from them."""

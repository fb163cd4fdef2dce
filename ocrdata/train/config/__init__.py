"""All options of models and training: name, default, range, help."""

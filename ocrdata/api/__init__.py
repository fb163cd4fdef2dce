"""What `import ocrdata` offers (docs/api.md), in small modules; nothing here needs TensorFlow."""

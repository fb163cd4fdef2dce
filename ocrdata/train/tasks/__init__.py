"""What a training run needs of its task: recognition or detection."""

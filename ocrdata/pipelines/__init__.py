"""What a command does with its options, where rendering and records meet."""

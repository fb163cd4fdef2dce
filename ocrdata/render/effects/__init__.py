"""What is done to ink and images: warp, compositing, backgrounds, noise, degradation."""

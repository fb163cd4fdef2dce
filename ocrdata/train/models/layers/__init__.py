"""What the models are built from: layers, backbones, losses and their sampling."""

"""Whole images with text in them: layout, one scene, a data folder."""

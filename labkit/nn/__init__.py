"""Layers and operations that several themes use."""

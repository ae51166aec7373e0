"""Theme language: what can be made of a language model once it is trained."""

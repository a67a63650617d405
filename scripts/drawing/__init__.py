"""Small three-dimensional pictures, drawn by numpy: the cards of the page and of the presets."""
